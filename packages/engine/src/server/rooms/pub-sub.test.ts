import { edn } from "@sente-lite/protocol/edn";
import { describe, expect, it } from "vitest";
import { openRawPeer } from "../../testing/raw-peer.test-support.ts";
import { setting } from "../../testing/setting.test-support.ts";

const open = { joinFn: () => true, sendFn: () => true };

describe("peers that know no rooms", () => {
  it("get a room's events as ordinary pushes, where the server lets them in", async () => {
    const { server } = setting({ codec: edn, rooms: { lobby: open } });
    const sente = await openRawPeer(server, "client-id=tab&uid=ann");
    server.joinFn("ann", "lobby");
    server.sendFn({ room: "lobby" }, ["chat/said", "hi"], { flush: true });
    expect(sente.sent.slice(1)).toEqual(['[[[:chat/said "hi"]] nil]']);
    sente.handlers.message('[[:chsk/room-join {:room "lobby"}] "r1"]');
    expect([server.metrics().badEvents, sente.sent.length]).toEqual([1, 2]);
  });

  it("subscribe and publish as sente_lite's do, with rooms that the others are in", async () => {
    const { server, tab, idle } = setting({ codec: edn, rooms: { "room-1": open, "room/kw": open } });
    const [one, two] = [await openRawPeer(server, ""), await openRawPeer(server, "")];
    const room = tab("ann", { codec: edn }).client.room("room-1");
    const got: unknown[] = [];
    room.chRecv.on("*", ({ event: said }) => got.push(said));
    await idle();
    for (const { handlers } of [one, two]) handlers.message('[:sente-lite/subscribe {:channel-id "room-1"}]');
    one.handlers.message("[:sente-lite/subscribe {:channel-id :room/kw}]");
    two.handlers.message('[:sente-lite/publish {:channel-id "room-1", :data {:text "hi"}, :exclude-sender? true}]');
    two.handlers.message('[:sente-lite/publish {:channel-id "room-1", :data [:chat/said 1]}]');
    one.handlers.message('[:sente-lite/publish {:channel-id :room/kw, :data "kw"}]');
    room.sendFn(["chat/said", 2]);
    await idle();
    one.handlers.message('[:sente-lite/unsubscribe {:channel-id "room-1"}]');
    one.handlers.message('[:sente-lite/subscribe {:channel-id "nowhere"}]');
    server.sendFn({ room: "room-1" }, ["chat/said", 3], { flush: true });
    await idle();
    const from = /:from "([^"]+)"/.exec(one.sent.join(""))?.[1];
    expect(one.sent.slice(1)).toEqual([
      '[:sente-lite/subscribed {:channel-id "room-1", :success true}]',
      "[:sente-lite/subscribed {:channel-id :room/kw, :success true}]",
      `[:sente-lite/channel-msg {:channel-id "room-1", :data {:text "hi"}, :from "${from}"}]`,
      `[:sente-lite/channel-msg {:channel-id "room-1", :data [:chat/said 1], :from "${from}"}]`,
      expect.stringMatching(/^\[:sente-lite\/channel-msg \{:channel-id :room\/kw, :data "kw", :from "[^"]+"\}\]$/),
      '[:sente-lite/channel-msg {:channel-id "room-1", :data [:chat/said 2], :from "tab-1"}]',
      '[:sente-lite/subscribed {:channel-id "room-1", :success true}]',
      '[:sente-lite/subscribed {:channel-id "nowhere", :success false}]',
    ]);
    expect(two.sent.slice(2)).toEqual([
      `[:sente-lite/channel-msg {:channel-id "room-1", :data [:chat/said 1], :from "${from}"}]`,
      '[:sente-lite/channel-msg {:channel-id "room-1", :data [:chat/said 2], :from "tab-1"}]',
      '[:sente-lite/channel-msg {:channel-id "room-1", :data [:chat/said 3]}]',
    ]);
    expect(got).toMatchObject([
      ["sente-lite/channel-msg", { text: "hi" }],
      ["chat/said", 1],
      ["chat/said", 2],
      ["chat/said", 3],
    ]);
  });
});
