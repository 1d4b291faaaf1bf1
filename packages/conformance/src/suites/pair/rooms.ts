import type { Room, RoomMessage } from "@sente-lite/protocol";
import { describe, expect } from "vitest";
import { Mailbox } from "../../mailbox.ts";
import { until } from "../client/section.ts";
import { joinOpen, type PairSection, shareServer } from "./section.ts";

let rooms = 0;

/** A room that no other test uses. */
const fresh = (kind: "kept" | "open") => `${kind}/${Math.floor(performance.timeOrigin)}-${++rooms}`;

const isIn = ({ status }: { readonly status: string }) => status === "joined";

function messagesOf(room: Room): Mailbox<RoomMessage> {
  const messages = new Mailbox<RoomMessage>("room messages", ({ event }) => JSON.stringify(event));
  room.chRecv.on("*", (message) => messages.push(message));
  return messages;
}

export function roomTests(section: PairSection): void {
  const { test } = section;

  describe("client and server: rooms", () => {
    const server = shareServer(section, { options: { rooms: true } });

    test("what one sends into a room comes to all who are in it, with its uid and its position", async () => {
      const name = fresh("kept");
      const [ann, bob] = [await joinOpen(section, server(), "uid=ann"), await joinOpen(section, server(), "uid=bob")];
      const inRooms = [ann, bob].map(({ client }) => client.room(name));
      const messages = inRooms.map(messagesOf);
      for (const { state } of inRooms) await until(state, isIn);
      expect(inRooms[0]?.sendFn(["chat/said", { text: "hi", list: [1, null] }])).toBe(true);
      for (const mailbox of messages) {
        const { id, data, uid, room, position } = await mailbox.next();
        expect([id, data, uid, room, position?.offset]).toEqual([
          "chat/said",
          { text: "hi", list: [1, null] },
          "ann",
          name,
          1,
        ]);
      }
      const history = await inRooms[1]?.history();
      expect(history?.entries.map(({ event }) => event)).toEqual([["chat/said", { text: "hi", list: [1, null] }]]);
    });

    test("a volatile event comes to who is in the room, and has no place in it", async () => {
      const name = fresh("kept");
      const [ann, bob] = [await joinOpen(section, server(), "uid=ann"), await joinOpen(section, server(), "uid=bob")];
      const [from, to] = [ann.client.room(name), bob.client.room(name)];
      for (const { state } of [from, to]) await until(state, isIn);
      const messages = messagesOf(to);
      expect(from.sendFn(["chat/typing", { who: "ann" }], { volatile: true })).toBe(true);
      from.sendFn(["chat/said", 1]);
      const [typing, said] = [await messages.next(), await messages.next()];
      expect([typing.data, typing.uid, typing.position]).toEqual([{ who: "ann" }, "ann", null]);
      expect([said.data, said.position?.offset]).toEqual([1, 1]);
      expect(await ann.client.requestFn(["test/push-volatile", 2])).toBeGreaterThan(0);
    });

    test("a position goes on where it was told, and one that is too old says so", async () => {
      const name = fresh("kept");
      const { client } = await joinOpen(section, server());
      const room = client.room(name);
      const { position } = await until(room.state, isIn).then(() => room.history({ limit: 0 }));
      await client.requestFn(["test/room-send", { room: name, x: 1 }]);
      await client.requestFn(["test/room-send", { room: name, x: 2 }]);
      const later = await joinOpen(section, server());
      const again = later.client.room(name, { since: position });
      const messages = messagesOf(again);
      expect([(await messages.next()).data, (await messages.next()).data]).toEqual([1, 2]);
      expect(again.state.get().recovered).toBe(true);
      for (let x = 3; x <= 8; x++) await client.requestFn(["test/room-send", { room: name, x }]);
      const last = (await joinOpen(section, server())).client.room(name, { since: position });
      expect(await until(last.state, isIn)).toMatchObject({ recovered: false });
    });

    test("a session that is lost is joined again, with all that came meanwhile, once and in order", async () => {
      const name = fresh("kept");
      const uid = name.replace("/", "-");
      const { client } = await joinOpen(section, server(), `uid=${uid}`);
      const other = await joinOpen(section, server());
      const room = client.room(name);
      const messages = messagesOf(room);
      await until(room.state, isIn);
      await other.client.requestFn(["test/room-send", { room: name, x: 1 }]);
      expect((await messages.next()).data).toBe(1);
      await other.client.requestFn(["test/expel", uid]).catch(() => {});
      for (let x = 2; x <= 4; x++) await other.client.requestFn(["test/room-send", { room: name, x }]);
      for (let x = 2; x <= 4; x++) expect((await messages.next()).data).toBe(x);
      expect([room.state.get().status, room.position()?.offset]).toEqual(["joined", 4]);
    });

    test("members are told who they are", async () => {
      const name = fresh("kept");
      const [cy, di] = [await joinOpen(section, server(), "uid=cy"), await joinOpen(section, server(), "uid=di")];
      const room = cy.client.room(name);
      await until(room.state, isIn);
      di.client.room(name);
      await until(room.members, ({ uids, count }) => count === 2 && uids.has("di"));
      di.client.close();
      expect([...(await until(room.members, ({ count }) => count === 1)).uids]).toEqual(["cy"]);
    });

    test("a room that refuses says why, and one that is left is quiet", async () => {
      const name = fresh("open");
      const { client } = await joinOpen(section, server());
      const shut = await until(client.room("shut/a").state, ({ status }) => status === "refused");
      expect(shut).toMatchObject({ code: "members-only", message: "ask ann" });
      const room = client.room(name);
      const messages = messagesOf(room);
      await until(room.state, isIn);
      room.leave();
      expect(await client.requestFn(["test/room-send", { room: name, x: 1 }])).toBe(0);
      expect(messages.all).toEqual([]);
    });
  });
}
