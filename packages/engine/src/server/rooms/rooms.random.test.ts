import type { ChannelSocketClient, Room, RoomOptions } from "@sente-lite/protocol";
import fc from "fast-check";
import { expect, it } from "vitest";
import { setting } from "../../testing/setting.test-support.ts";

// The whole of it, client, sessions, server and rooms, in virtual time, against what section 6.10 promises. The pure parts
// are tried alone in packages/protocol/src/rooms.

const KEPT = 6;
const UIDS = ["ann", "bob", "cy"];
const names = ["kept/a", "kept/b", "open/a"] as const;
type Name = (typeof names)[number];

/** One stay of a client in a room: what came, and where it said that something may be missing. */
interface Stay {
  readonly name: Name;
  readonly uid: string;
  readonly room: Room;
  readonly got: { readonly n: number; readonly offset: number | undefined }[];
  /** How much it had when it was told so. */
  readonly gaps: number[];
  /** How much it had when it was refused, was put out or left. */
  endedWith: number | undefined;
}

interface ByOne {
  readonly type: "join" | "leave" | "say" | "lose" | "put-out" | "bar" | "allow";
  readonly who: number;
  readonly name: Name;
}

type Step =
  | ByOne
  | { readonly type: "send"; readonly name: Name; readonly count: number }
  | { readonly type: "cut" }
  | { readonly type: "idle" }
  | { readonly type: "pass"; readonly ms: number };

const who = fc.nat(2);
const name = fc.constantFrom(...names);
const byOne = (...types: readonly ByOne["type"][]) => fc.record({ type: fc.constantFrom(...types), who, name });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: byOne("join", "leave") },
  { weight: 2, arbitrary: byOne("say") },
  { weight: 2, arbitrary: byOne("lose", "put-out") },
  { weight: 2, arbitrary: byOne("bar", "allow") },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant("send" as const), name, count: fc.integer({ min: 1, max: 9 }) }),
  },
  { weight: 3, arbitrary: fc.constantFrom<Step>({ type: "cut" }, { type: "idle" }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 3_000 }) }) },
);

async function play(steps: readonly Step[]) {
  const barred = new Set<string>();
  /** Who was in the room of an event when it was sent, by its number. */
  const audience = new Map<number, readonly (string | null)[]>();
  /** Who was refused when they asked last; and whether one of them was in the room all the same. */
  const refused = new Set<string>();
  let strangers = 0;
  const note = (n: number, at: string) => {
    const inIt = [...server.room(at).members.get()];
    strangers += inIt.filter((uid) => refused.has(`${uid} ${at}`)).length;
    audience.set(n, inIt);
  };
  const allowed: RoomOptions<unknown> = {
    joinFn: async ({ room, uid }) => {
      const key = `${uid} ${room}`;
      if (barred.has(key)) refused.add(key);
      else refused.delete(key);
      return !refused.has(key);
    },
    sendFn: ({ room, event }) => {
      note(event[1] as number, room);
      return true;
    },
  };
  const { server, tab, idle, clock, cut } = setting({
    rooms: { "kept/*": { ...allowed, history: { size: KEPT }, members: true }, "open/*": allowed },
  });
  const clients = UIDS.map((uid): ChannelSocketClient => {
    const { client } = tab(uid, { reconnectBaseMs: 50, reconnectCapMs: 50 });
    client.errorChan.on(() => {});
    return client;
  });
  const stays: Stay[] = [];
  const current = new Map<string, Stay>();
  let sent = 0;

  const join = (client: ChannelSocketClient, uid: string, at: Name) => {
    const key = `${uid} ${at}`;
    const room = client.room(at);
    if (current.get(key)?.room === room) return;
    const stay: Stay = { name: at, uid, room, got: [], gaps: [], endedWith: undefined };
    room.chRecv.on("*", ({ data, position }) => stay.got.push({ n: data as number, offset: position?.offset }));
    room.state.subscribe(({ status, recovered }) => {
      if (status === "joined" && recovered !== true) stay.gaps.push(stay.got.length);
      if (status === "refused" || status === "left") stay.endedWith ??= stay.got.length;
      else if (status === "joined") stay.endedWith = undefined;
    });
    stays.push(stay);
    current.set(key, stay);
  };

  const act = (one: ByOne) => {
    const client = clients[one.who];
    const uid = UIDS[one.who] ?? "";
    const key = `${uid} ${one.name}`;
    if (one.type === "lose") server.disconnectFn(uid);
    else if (one.type === "put-out") server.leaveFn(uid, one.name);
    else if (one.type === "bar") barred.add(`${uid} ${one.name}`);
    else if (one.type === "allow") barred.delete(`${uid} ${one.name}`);
    else if (one.type === "join" && client !== undefined) join(client, uid, one.name);
    else if (one.type === "leave") {
      current.get(key)?.room.leave();
      current.delete(key);
    } else if (one.type === "say") {
      const stay = current.get(key);
      if (stay !== undefined && stay.room.state.get().status !== "left") stay.room.sendFn(["a/n", sent++]);
    }
  };

  for (const one of steps) {
    if ("who" in one) act(one);
    else if (one.type === "idle") await idle();
    else if (one.type === "cut") cut();
    else if (one.type === "pass") await clock.advance(one.ms);
    else {
      for (let i = 0; i < one.count; i++) {
        note(sent, one.name);
        server.sendFn({ room: one.name }, ["a/n", sent++]);
      }
    }
  }
  await clock.advance(5_000);
  await idle();
  return { server, clients, stays, current, audience, strangers, clock, idle };
}

it("brings every event of a history once and in order, or says that some may be missing, over cuts and lost sessions", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
      const { server, clients, stays, current, audience, strangers, clock, idle } = await play(steps);
      expect(strangers, "nobody is in a room that refused them").toBe(0);
      for (const at of names) server.sendFn({ room: at }, ["a/n", -1]);
      await idle();
      for (const { name: at, room, uid, got, gaps, endedWith } of stays) {
        const numbers = got.map(({ n }) => n).filter((n) => n !== -1);
        expect(new Set(numbers).size, "nothing comes twice").toBe(numbers.length);
        if (at.startsWith("kept")) {
          for (const [i, from] of [0, ...gaps].entries()) {
            const offsets = got.slice(from, gaps[i]).map(({ offset }) => offset ?? -1);
            expect(offsets, "without a gap").toEqual(offsets.map((_, k) => (offsets[0] ?? 0) + k));
          }
        } else for (const n of numbers) expect(audience.get(n), "of a time when it was in").toContain(uid);
        if (endedWith !== undefined) expect(got, "nothing once it was refused, or left").toHaveLength(endedWith);
        if (room.state.get().status === "joined") expect(got.at(-1)?.n, "up to the last").toBe(-1);
      }
      // Members are those who are in, and end with their sessions.
      for (const at of names) {
        const inIt = UIDS.filter((uid) => current.get(`${uid} ${at}`)?.room.state.get().status === "joined");
        expect([...server.room(at).members.get()].sort()).toEqual(inIt);
        for (const stay of current.values()) {
          if (stay.name !== at || !at.startsWith("kept") || stay.room.state.get().status !== "joined") continue;
          expect([...stay.room.members.get().uids].sort()).toEqual(inIt);
        }
      }
      for (const client of clients) client.close();
      await clock.advance(1_000);
      expect(server.metrics().rooms).toBe(0);
    }),
    { numRuns: 100 },
  );
  // Time is virtual here: the bound is for a machine that has other work.
}, 60_000);
