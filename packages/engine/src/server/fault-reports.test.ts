import { describe, expect, it } from "vitest";
import { openRawPeer } from "../testing/raw-peer.test-support.ts";
import { setting } from "../testing/setting.test-support.ts";

describe("faults of peers that come again and again", () => {
  const own = "sente-lite=1&attempt=1";
  it.each([
    ["that is not ours", "", ")"],
    ["of ours, with a frame that cannot be read", own, ")"],
    ["of ours, with an ack of what was never sent", own, '[["chsk/ack",77],null]'],
    ["of ours, with what is no event", own, '["x"]'],
  ])("a client %s is told of once a minute", async (_, query, frame) => {
    const { server, errors } = setting();
    for (let n = 0; n < 5; n++) {
      const { handlers } = await openRawPeer(server, `client-id=a&${query}`);
      handlers.message(frame);
      handlers.closed(1006, "");
    }
    expect(errors).toHaveLength(1);
  });

  it("of names that they make up, a hundred are told of in a minute, and all are counted", async () => {
    const { server, errors } = setting();
    for (let n = 0; n < 150; n++) {
      const { handlers } = await openRawPeer(server, `client-id=a-${n}&${own}`);
      handlers.message(")");
      handlers.closed(1006, "");
    }
    expect([errors.length, server.metrics().badEvents]).toEqual([100, 150]);
  });
});
