import { type Codec, kw } from "@sente-lite/protocol";
import { edn } from "@sente-lite/protocol/edn";
import { gzip } from "@sente-lite/protocol/gzip";
import { json } from "@sente-lite/protocol/json";
import { senteMsgpack } from "@sente-lite/protocol/sente-msgpack";
import { transitJson } from "@sente-lite/protocol/transit-json";
import { transitMsgpack } from "@sente-lite/protocol/transit-msgpack";
import { describe, expect, it } from "vitest";
import { openRawPeer } from "../testing/raw-peer.test-support.ts";
import { setting } from "../testing/setting.test-support.ts";

/** What a client of Sente's sends when it is idle. */
const ping = [[kw("chsk/ws-ping")], "8cea2f"];

function listening(codec: Codec) {
  const { server, clock, idle } = setting({ codec });
  const reports: string[] = [];
  server.errorChan.on(({ error }) => {
    if ((error as { code?: string }).code === "codec-mismatch") reports.push(error.message);
  });
  return { server, clock, idle, reports };
}

describe("a peer that cannot read the server's codec", () => {
  it("and keeps still is told of once, by codec and cure", async () => {
    const { server, clock, reports } = listening(edn);
    const peers = [await openRawPeer(server, "client-id=a"), await openRawPeer(server, "client-id=b")];
    await clock.advance(25_000);
    expect(peers.map(({ closes }) => closes[0]?.code)).toEqual([4408, 4408]);
    expect(reports).toEqual([
      expect.stringMatching(/it may not read edn; put the codec of its packer first in codecs/),
    ]);
  });

  it.each([
    [edn, '[["~:chsk/ws-ping"],"8cea2f"]', /looks like transit-json.* reads edn: put transitJson first in codecs/],
    [transitJson, '[[:chsk/ws-ping] "8cea2f"]', /looks like edn.* reads transit-json: put edn first in codecs/],
    [json, '[[:chsk/ws-ping] "8cea2f"]', /looks like edn.* reads json/],
    [edn, senteMsgpack.encode(ping), /looks like sente-msgpack.* reads edn: put senteMsgpack first in codecs/],
    [edn, transitMsgpack.encode(ping), /looks like transit-msgpack.* put transitMsgpack first in codecs/],
    [edn, gzip(edn).encode(ping), /looks like gzip.* put gzip\(edn\).* first in codecs/],
  ])("and speaks is told of once, by what it speaks: $0.name", async (codec, frame, told) => {
    const { server, clock, reports } = listening(codec);
    for (const clientId of ["a", "b"]) {
      const { handlers } = await openRawPeer(server, `client-id=${clientId}`);
      handlers.message(frame);
      handlers.closed(1006, "");
    }
    await clock.advance(0);
    expect(reports).toEqual([expect.stringMatching(told)]);
  });

  it("is no peer that answered, that named its codec, or whose events are bad", async () => {
    const { server, clock, reports } = listening(edn);
    const answered = await openRawPeer(server, "client-id=a");
    answered.handlers.message('[[:chsk/ws-ping] "8c"]');
    await openRawPeer(server, "client-id=b&codec=edn&sente-lite=1");
    (await openRawPeer(server, "client-id=c")).handlers.message("[[:not-namespaced 1] nil]");
    // What does not decode is dropped, and the connection stays: of a peer that goes on it says nothing.
    const garbled = await openRawPeer(server, "client-id=d");
    garbled.handlers.message("][");
    garbled.handlers.message('[[:chsk/ws-ping] "8d"]');
    await clock.advance(60_000);
    expect(reports).toEqual([]);
  });
});
