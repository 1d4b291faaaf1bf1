import { describe, expect, it } from "vitest";
import { startRouter } from "../router.ts";
import { rawPeer } from "../testing/raw-peer.test-support.ts";
import { setting } from "../testing/setting.test-support.ts";

describe("a slow handler (PROTOCOL.md section 7)", () => {
  it("stops the reading of its own connection, whose silence is not the peer's", async () => {
    const { server, clock, idle } = setting();
    const waiting: (() => void)[] = [];
    startRouter(server, { "a/slow": () => new Promise<void>((resolve) => waiting.push(resolve)) });
    const peer = await rawPeer(server, "client-id=c&uid=ann");
    for (let i = 0; i < 80; i++) peer.handlers.message(`[["a/slow",${i}],null]`);
    expect(peer.reading).toEqual(["pause"]);
    await clock.advance(120_000);
    expect(peer.closes).toEqual([]);
    while (waiting.length > 0) {
      waiting.pop()?.();
      await idle();
    }
    expect(peer.reading).toEqual(["pause", "resume"]);
    // It reads again, and from now on silence counts.
    await clock.advance(20_000);
    expect(peer.closes.map(({ code }) => code)).toEqual([4408]);
  });

  it("has its connection read the answer to a close", async () => {
    const { server } = setting();
    startRouter(server, { "a/slow": () => new Promise(() => {}) });
    const peer = await rawPeer(server, "client-id=c&uid=ann");
    for (let i = 0; i < 80; i++) peer.handlers.message(`[["a/slow",${i}],null]`);
    server.disconnectFn("ann");
    expect([peer.reading, peer.closes.length]).toEqual([["pause", "resume"], 1]);
  });
});
