import type { ChannelSocketClient, Room, RoomMessage } from "@sente-lite/protocol";
import { describe, expect } from "vitest";
import { Mailbox } from "../../mailbox.ts";
import type { StageConnection } from "../../stage/stage.ts";
import { type ClientSection, cbIdOf, errorWith, type Played, stageClient, until } from "./section.ts";

const handshake = (session: string, resumed: boolean, features = '["sessions" "rooms"]') =>
  `[[:chsk/handshake ["u1" nil nil {:session "${session}" :resumed? ${resumed} :received 0 :max-frame 1048576 :ack {:frames 64 :bytes 65536} :features ${features}}]] nil]`;

/** The next attempt, greeted with that session; resolves when its ack, the first frame, is there. */
async function greet({ stage }: Pick<Played, "stage">, session: string): Promise<StageConnection> {
  const connection = await stage.attempt();
  connection.accept(connection.protocols.includes("sente-lite") ? "sente-lite" : undefined);
  connection.send(handshake(session, false));
  expect(await connection.frame()).toMatch(/^\[\[:chsk\/ack 0\] nil\]$/);
  return connection;
}

function messagesOf(room: Room): Mailbox<RoomMessage> {
  const messages = new Mailbox<RoomMessage>("room messages", ({ event }) => JSON.stringify(event));
  room.chRecv.on("*", (message) => messages.push(message));
  return messages;
}

const post = (event: string, offset: number) =>
  `[[[:chsk/room-event {:room "tea" :event ${event} :offset ${offset}}]] nil]`;
const position = (offset: number) => `{:epoch "e1", :offset ${offset}}`;

/** The join that comes next, answered so. */
async function answerJoin(connection: StageConnection, join: string, answer: string): Promise<void> {
  const frame = await connection.frame();
  expect(frame).toMatch(/^\[\[:chsk\/room-join /);
  expect(frame.slice(1, frame.lastIndexOf(" "))).toBe(join);
  connection.send(`[${answer} "${cbIdOf(frame)}"]`);
}

const status = (room: Room, wanted: string) => until(room.state, (state) => state.status === wanted);

export function roomTests(section: ClientSection): void {
  const { test } = section;

  describe("§6.10 rooms", () => {
    const joinTea = async (client: ChannelSocketClient, stage: Played["stage"]) => {
      const room = client.room("tea");
      const messages = messagesOf(room);
      const connection = await greet({ stage }, "s1");
      await answerJoin(
        connection,
        '[:chsk/room-join {:room "tea"}]',
        '{:position {:epoch "e1" :offset 3} :recovered? false}',
      );
      await status(room, "joined");
      return { room, messages, connection };
    };

    test("rooms: a join is a request, and its answer says where the room stands", async () => {
      const { client, stage } = await stageClient(section);
      const { room, messages, connection } = await joinTea(client, stage);
      expect([room.state.get().recovered, room.position()]).toEqual([null, { epoch: "e1", offset: 3 }]);
      connection.send('[[[:chsk/room-event {:room "tea" :event [:chat/said "hi"] :uid "bob" :offset 4}]] nil]');
      const { event, uid, position: at } = await messages.next();
      expect([event, uid, at]).toEqual([["chat/said", "hi"], "bob", { epoch: "e1", offset: 4 }]);
    });

    test("rooms: the next session is asked with the position up to which all came, and nothing comes twice", async () => {
      const { client, stage } = await stageClient(section);
      const { room, messages, connection } = await joinTea(client, stage);
      connection.send(post("[:a/n 4]", 4));
      await messages.next();
      connection.close(1012);
      const next = await greet({ stage }, "s2");
      await answerJoin(
        next,
        `[:chsk/room-join {:room "tea", :since ${position(4)}}]`,
        '{:position {:epoch "e1" :offset 6} :recovered? true}',
      );
      for (const n of [4, 5, 6, 6, 7]) next.send(post(`[:a/n ${n}]`, n));
      for (const n of [5, 6, 7]) expect((await messages.next()).data).toBe(n);
      expect(room.state.get()).toMatchObject({ status: "joined", recovered: true });
    });

    test("rooms: a resumed session is in its rooms, and asks for none", async () => {
      const { client, stage } = await stageClient(section);
      const { messages, connection } = await joinTea(client, stage);
      connection.close(4000);
      const next = await stage.attempt();
      next.accept("sente-lite");
      next.send(handshake("s1", true));
      next.send(post("[:a/n 4]", 4));
      expect((await messages.next()).data).toBe(4);
      client.sendFn(["a/x"]);
      const frames = [await next.frame(), await next.frame(), await next.frame()];
      // The first join, which was not acknowledged, is replayed.
      expect(frames.filter((frame) => frame.includes("room-join"))).toHaveLength(1);
    });

    test("rooms: an event that is missing is asked for, and those after it wait for the answer", async () => {
      const { client, stage } = await stageClient(section);
      const { messages, connection } = await joinTea(client, stage);
      for (const n of [4, 6, 7]) connection.send(post(`[:a/n ${n}]`, n));
      await answerJoin(
        connection,
        `[:chsk/room-join {:room "tea", :since ${position(4)}}]`,
        '{:position {:epoch "e1" :offset 7} :recovered? true}',
      );
      for (const n of [5, 6, 7]) connection.send(post(`[:a/n ${n}]`, n));
      for (const n of [4, 5, 6, 7]) expect((await messages.next()).data).toBe(n);
    });

    test("rooms: a place in the history without an event is taken in silence", async () => {
      const { client, stage } = await stageClient(section);
      const { messages, connection } = await joinTea(client, stage);
      connection.send('[[[:chsk/room-event {:room "tea" :offset 4}]] nil]');
      connection.send(post("[:a/n 5]", 5));
      expect((await messages.next()).data).toBe(5);
    });

    test("rooms: what is sent into one goes out as it is, and a refusal of it is reported", async () => {
      const { client, stage, errors } = await stageClient(section);
      const { room, connection } = await joinTea(client, stage);
      expect(room.sendFn(["chat/said", { text: "hi" }])).toBe(true);
      expect(await connection.frame()).toBe('[[:chsk/room-send {:room "tea", :event [:chat/said {:text "hi"}]}] nil]');
      connection.send('[[[:chsk/room-refused {:room "tea" :id :chat/said :code "muted" :message "be quiet"}]] nil]');
      expect((await errors.next(errorWith("muted"))).context).toMatchObject({ source: "room", room: "tea" });
    });

    test("rooms: one that is left is told to the server, and nothing of it comes any more", async () => {
      const { client, stage, messages: all } = await stageClient(section);
      const { room, messages, connection } = await joinTea(client, stage);
      room.leave();
      expect(await connection.frame()).toBe('[[:chsk/room-leave {:room "tea"}] nil]');
      connection.send(post("[:a/n 4]", 4));
      connection.send("[[[:a/after 1]] nil]");
      await all.next(({ id }) => id === "a/after");
      expect([messages.all, all.all.filter(({ id }) => id === "a/n")]).toEqual([[], []]);
    });

    test("rooms: the server puts out and lets in, and members are told", async () => {
      const { client, stage, messages: all } = await stageClient(section);
      const { room, connection } = await joinTea(client, stage);
      connection.send('[[[:chsk/room-members {:room "tea" :count 2 :uids ["u1" nil]}]] nil]');
      expect([...(await until(room.members, ({ count }) => count === 2)).uids]).toEqual(["u1", null]);
      connection.send('[[[:chsk/room-members {:room "tea" :count 1 :joined [] :left [nil]}]] nil]');
      expect([...(await until(room.members, ({ count }) => count === 1)).uids]).toEqual(["u1"]);
      connection.send('[[[:chsk/room-left {:room "tea" :code "put-out" :message "late"}]] nil]');
      expect(await status(room, "left")).toMatchObject({ code: "put-out", message: "late" });
      connection.send(
        '[[[:chsk/room-joined {:room "cake" :recovered? false}] [:chsk/room-event {:room "cake" :event [:a/n 1]}]] nil]',
      );
      expect((await all.next(({ id }) => id === "a/n")).data).toBe(1);
    });

    test("rooms: a server that does not know them is asked for none", async () => {
      const { client, stage } = await stageClient(section);
      const room = client.room("tea");
      const connection = await stage.attempt();
      connection.accept();
      connection.send(handshake("s1", false, '["sessions"]'));
      expect(await status(room, "refused")).toMatchObject({ code: "unsupported" });
      client.sendFn(["a/x"]);
      expect([await connection.frame(), await connection.frame()]).toEqual(["[[:chsk/ack 0] nil]", "[[:a/x] nil]"]);
    });

    test("rooms: what a server says of them that is no such thing is no harm", async () => {
      const { client, stage } = await stageClient(section);
      const { messages, connection } = await joinTea(client, stage);
      for (const data of [
        "nil",
        "5",
        '"a"',
        "{}",
        "{:room 5}",
        '{:room "tea" :event 5 :offset -1}',
        '{:room "__proto__"}',
      ]) {
        for (const id of ["event", "joined", "left", "members", "refused"]) {
          if (data.includes("tea") && id !== "event") continue;
          connection.send(`[[[:chsk/room-${id} ${data}]] nil]`);
        }
      }
      connection.send(post("[:a/n 4]", 4));
      expect((await messages.next()).data).toBe(4);
    });
  });
}
