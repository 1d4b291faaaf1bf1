import { describe, expect } from "vitest";
import type { RawPeer } from "../../raw/raw-peer.ts";
import { connectPeer, everyCodec, fresh, greetPeer, type ServerSection, sharedServer } from "./section.ts";

const OURS = "sente-lite=1&attempt=1&features=sessions.error-details.rooms";

export function roomTests(section: ServerSection): void {
  const { test } = section;

  describe("§6.10 rooms", () => {
    const server = sharedServer(section, { ...everyCodec, options: { rooms: true, sessionWindowMs: 60_000 } });
    const ours = (uid = fresh("u")) => greetPeer(server(), `client-id=${fresh("r")}&uid=${uid}&codec=edn&${OURS}`);
    const join = (peer: RawPeer, room: string, since = "") =>
      answer(peer, `[:chsk/room-join {:room "${room}"${since}}]`);
    const send = async (room: string, x: unknown) => {
      const peer = await greetPeer(server(), `client-id=${fresh("s")}&codec=edn`);
      return answer(peer, `[:test/room-send {:room "${room}" :x ${x}}]`);
    };
    const epochOf = (text: string) => /:epoch "([^"]+)"/.exec(text)?.[1] ?? "";

    test("rooms: a client that knows them is told so", async () => {
      const peer = await connectPeer(server(), `client-id=${fresh("r")}&codec=edn&${OURS}`);
      expect(await peer.text()).toContain(':features ["sessions" "error-details" "rooms"]');
    });

    test("rooms: what is sent into a room without history comes to who is in it, in the form of the text", async () => {
      const room = fresh("open/a");
      const peer = await ours();
      expect(await join(peer, room)).toBe("{:recovered? false}");
      expect(await send(room, 7)).toBe("1");
      expect(await pushOf(peer, "event")).toBe(`[[[:chsk/room-event {:room "${room}", :event [:test/said 7]}]] nil]`);
    });

    test("rooms: a join brings what came since a position, after its reply and before what is live", async () => {
      const room = fresh("kept/a");
      const first = await ours();
      const epoch = epochOf(await join(first, room));
      for (let x = 1; x <= 3; x++) await send(room, x);
      const peer = await ours("bo");
      const reply = await join(peer, room, ` :since {:epoch "${epoch}" :offset 1}`);
      expect(reply).toContain(
        `{:position {:epoch "${epoch}", :offset 3}, :recovered? true, :members {:count 2, :uids [`,
      );
      await send(room, 4);
      const event = (n: number) => `[:chsk/room-event {:room "${room}", :event [:test/said ${n}], :offset ${n}}]`;
      expect(await eventsOf(peer, 3)).toEqual([event(2), event(3), event(4)]);
    });

    test("rooms: a position that the history does not reach back to is not recovered, and nothing comes", async () => {
      const room = fresh("kept/a");
      const epoch = epochOf(await join(await ours(), room));
      for (let x = 1; x <= 7; x++) await send(room, x);
      for (const since of [
        `{:epoch "${epoch}" :offset 1}`,
        `{:epoch "${epoch}" :offset 9}`,
        '{:epoch "e" :offset 7}',
      ]) {
        const peer = await ours();
        const reply = await join(peer, room, ` :since ${since}`);
        expect(reply).toContain(":offset 7}, :recovered? false");
        await expectQuiet(peer);
        peer.terminate();
      }
    });

    test("rooms: who may not join is told why, and gets nothing", async () => {
      const peer = await ours();
      for (const [room, code] of [
        ["shut/a", "members-only"],
        ["closed/a", "refused"],
        ["nowhere", "unknown-room"],
      ]) {
        expect(await join(peer, room ?? "")).toContain(`[:chsk/error {:code "${code}"`);
      }
      for (const bad of ['{:room "open/*"}', '{:room ""}', "{:room 5}", `{:room "${"x".repeat(257)}"}`, "nil", '"a"']) {
        expect(await answer(peer, `[:chsk/room-join ${bad}]`)).toContain('[:chsk/error {:code "bad-room"');
      }
      expect(await send("shut/a", 1)).toBe("0");
      await expectQuiet(peer);
    });

    test("rooms: names of the language's own objects are names as any others", async () => {
      const peer = await ours();
      for (const room of ["__proto__", "constructor", "toString"]) {
        expect(await join(peer, room)).toContain('[:chsk/error {:code "unknown-room"');
        expect(await join(peer, `open/${room}`)).toBe("{:recovered? false}");
      }
    });

    test("rooms: what a client sends goes to all in the room with its uid, itself too", async () => {
      const room = fresh("kept/a");
      const [ann, bob] = [await ours("ann"), await ours("bob")];
      await join(ann, room);
      await join(bob, room);
      ann.send(`[[:chsk/room-send {:room "${room}" :event [:chat/said "hi"]}] nil]`);
      const said = `[:chsk/room-event {:room "${room}", :event [:chat/said "hi"], :uid "ann", :offset 1}]`;
      for (const peer of [ann, bob]) expect(await eventsOf(peer, 1)).toEqual([said]);
      const history = await answer(ann, `[:chsk/room-history {:room "${room}" :limit 5}]`);
      expect(history).toContain('{:entries [{:offset 1, :event [:chat/said "hi"], :uid "ann"}], :position {:epoch "');
      expect(history).toContain(", :offset 1}, :complete? true}");
    });

    test("rooms: what may not be sent is refused, and told", async () => {
      const peer = await ours();
      peer.send('[[:chsk/room-send {:room "closed/a" :event [:chat/said 1]}] nil]');
      expect(await pushOf(peer, "refused")).toMatch(
        /^\[\[\[:chsk\/room-refused \{:room "closed\/a", :id :chat\/said, :code "refused", :message "[^"]+"\}\]\] nil\]$/,
      );
    });

    test("rooms: only who is in a room reads its history", async () => {
      const peer = await ours();
      expect(await answer(peer, '[:chsk/room-history {:room "kept/x" :limit 5}]')).toContain(
        '[:chsk/error {:code "not-a-member"',
      );
    });

    test("rooms: who left gets nothing more", async () => {
      const room = fresh("open/a");
      const peer = await ours();
      await join(peer, room);
      peer.send(`[[:chsk/room-leave {:room "${room}"}] nil]`);
      await answer(peer, "[:test/echo :left]");
      expect(await send(room, 1)).toBe("0");
    });

    test("rooms: whom the server lets in and puts out is told", async () => {
      const room = fresh("closed/a");
      const peer = await ours();
      peer.send(`[[:test/let-in {:room "${room}"}] nil]`);
      expect(await pushOf(peer, "joined")).toBe(`[[[:chsk/room-joined {:room "${room}", :recovered? false}]] nil]`);
      peer.send(`[[:test/put-out {:room "${room}"}] nil]`);
      expect(await pushOf(peer, "left")).toMatch(
        /^\[\[\[:chsk\/room-left \{:room "closed\/a-\d+", :code "put-out", :message "/,
      );
    });

    test("rooms: for whom an event is left out, its place in the history is taken", async () => {
      const room = fresh("kept/a");
      const peer = await ours();
      await join(peer, room);
      peer.send(`[[:test/room-except {:room "${room}" :x 1}] nil]`);
      expect(await eventsOf(peer, 1)).toEqual([`[:chsk/room-event {:room "${room}", :offset 1}]`]);
    });

    test("rooms: a Sente peer that the server lets in gets ordinary pushes, and asks in vain", async () => {
      const room = fresh("open/a");
      const peer = await greetPeer(server(), `client-id=${fresh("sente")}&codec=edn`);
      expect(await answer(peer, `[:test/let-in {:room "${room}"}]`)).toBe("1");
      await send(room, 7);
      expect(await peer.text()).toBe("[[[:test/said 7]] nil]");
      peer.send(`[[:chsk/room-join {:room "${room}"}] "j1"]`);
      expect(await answer(peer, "[:test/echo 1]")).toBe("1");
    });

    test("rooms: sente_lite's own frames subscribe, publish and unsubscribe, as its server answers them", async () => {
      const [one, two] = [await greetPeer(server(), ""), await greetPeer(server(), "")];
      const room = fresh("open/room");
      const subscribed = `[:sente-lite/subscribed {:channel-id "${room}", :success true}]`;
      for (const peer of [one, two]) {
        expect(await peer.ask(`[:sente-lite/subscribe {:channel-id "${room}"}]`)).toBe(subscribed);
      }
      two.send(`[:sente-lite/publish {:channel-id "${room}", :data {:text "hi"}, :exclude-sender? true}]`);
      const message = await one.text();
      expect(message).toMatch(
        /^\[:sente-lite\/channel-msg \{:channel-id "open\/room-\d+", :data \{:text "hi"\}, :from "/,
      );
      expect(await two.ask("[:test/echo 1]")).toBe("[:test/echoed 1]");
      expect(await one.ask(`[:sente-lite/unsubscribe {:channel-id "${room}"}]`)).toBe(subscribed);
      two.send(`[:sente-lite/publish {:channel-id "${room}", :data {:text "after-unsub"}}]`);
      expect(await two.text()).toContain(':data {:text "after-unsub"}');
      expect(await one.ask("[:test/echo 2]")).toBe("[:test/echoed 2]");
      expect(await one.ask('[:sente-lite/subscribe {:channel-id "shut/a"}]')).toBe(
        '[:sente-lite/subscribed {:channel-id "shut/a", :success false}]',
      );
    });

    test("rooms: a membership ends with its connection where there is no session", async () => {
      const room = fresh("open/a");
      const peer = await greetPeer(
        server(),
        `client-id=${fresh("m")}&uid=mo&codec=edn&sente-lite=1&attempt=1&features=rooms`,
      );
      await join(peer, room);
      expect(await send(room, 1)).toBe("1");
      await peer.close(1000);
      expect(await send(room, 2)).toBe("0");
    });
  });
}

let asked = 0;

/** The answer to an event, whatever else comes before it; its cb-id is cut off. */
async function answer(peer: RawPeer, event: string): Promise<string> {
  const cbId = `q${++asked}`;
  peer.send(`[${event} "${cbId}"]`);
  return (await peer.textWhere((text) => text.endsWith(` "${cbId}"]`))).slice(1, -` "${cbId}"]`.length);
}

/** Nothing of a room comes before the next answer. */
async function expectQuiet(peer: RawPeer): Promise<void> {
  const cbId = `q${++asked}`;
  peer.send(`[[:test/echo :quiet] "${cbId}"]`);
  for (let text = await peer.text(); text !== `[:quiet "${cbId}"]`; text = await peer.text()) {
    expect(text).not.toContain("[:chsk/room-event");
  }
}

/** The next push with that event of rooms. */
function pushOf(peer: RawPeer, id: string): Promise<string> {
  return peer.textWhere((text) => text.startsWith("[[[:chsk/room-") && text.includes(`[:chsk/room-${id} `));
}

/** The next so many events of rooms, over as many pushes as it takes. */
async function eventsOf(peer: RawPeer, count: number): Promise<readonly string[]> {
  const events: string[] = [];
  while (events.length < count) {
    events.push(...((await pushOf(peer, "event")).match(/\[:chsk\/room-event \{[^{}]*\}\]/g) ?? []));
  }
  return events;
}
