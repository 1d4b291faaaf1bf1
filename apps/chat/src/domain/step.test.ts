import { describe, expect, it } from "vitest";
import { type ChatState, initialState, personOf, summaries } from "./chat-state.ts";
import type { Told } from "./events.ts";
import { MAX_LIST, MAX_ROOMS } from "./limits.ts";
import { type ChatInput, type ChatOutput, type Sender, step } from "./step.ts";

const ann: Sender = { uid: "u-ann", clientId: "a1", name: "Ann", runtime: "browser" };
const annsOther: Sender = { ...ann, clientId: "a2", name: "Someone", runtime: "node" };
const bob: Sender = { uid: "u-bob", clientId: "b1", name: "Bob", runtime: "bun" };

const open = (from: Sender): ChatInput => ({ type: "open", from });
const hello = (from: Sender, room = "lobby", at = 1): ChatInput => ({ type: "hello", from, data: { room }, at });
const send = (from: Sender, id: string, text = "hello", room = "lobby", at = 2): ChatInput => ({
  type: "send",
  from,
  data: { room, id, text },
  at,
});

/** The state after these inputs, and what the last of them led to. */
function after(inputs: readonly ChatInput[], start: ChatState = initialState()) {
  let state = start;
  let outputs: readonly ChatOutput[] = [];
  for (const input of inputs) ({ state, outputs } = step(state, input));
  return { state, outputs };
}

describe("people", () => {
  it("are told of to everybody when they come, speak from another runtime, or are called otherwise", () => {
    const person = (name: string, ...runtimes: string[]) => [
      { type: "broadcast", event: ["chat/person", { uid: "u-ann", name, runtimes }] },
    ];
    const first = after([open(ann)]);
    expect(first.outputs).toEqual(person("Ann", "browser"));
    const second = after([open(annsOther)], first.state);
    expect(second.outputs).toEqual(person("Ann", "browser", "node"));
    const third = after([open({ ...ann, clientId: "a3" })], second.state);
    expect(third.outputs).toEqual([]);
    const named = after([{ type: "rename", from: ann, data: { name: " Anna " } }], third.state);
    expect(named.outputs).toEqual([...person("Anna", "browser", "node"), { type: "reply", value: { name: "Anna" } }]);
    const fewer = after([{ type: "close", from: annsOther }], named.state);
    expect(fewer.outputs).toEqual(person("Anna", "browser"));
    const gone = after(
      [
        { type: "close", from: ann },
        { type: "close", from: { ...ann, clientId: "a3" } },
      ],
      fewer.state,
    );
    expect([gone.outputs, gone.state.users.size]).toEqual([[], 0]);
    expect(after([{ type: "close", from: ann }], gone.state).state.users.size).toBe(0);
  });

  it("have a name made up for them where they have none, and keep it where another cannot be read", () => {
    const { state, outputs } = after([open({ ...ann, name: undefined }), { type: "rename", from: ann, data: 7 }]);
    expect(outputs).toEqual([{ type: "refuse", code: "bad-name" }]);
    expect([...state.users].map(([uid, user]) => personOf(uid, user).name)).toEqual(["guest-u-an"]);
    expect(after([{ type: "rename", from: ann, data: { name: "A" } }]).outputs).toEqual([
      { type: "refuse", code: "not-here" },
    ]);
  });
});

describe("a hello", () => {
  it("is answered with who is called how, of whom not more than a reader takes, and which rooms there are", () => {
    const { state, outputs } = after([open(bob), open(ann), hello(ann)]);
    const people = [...state.users].map(([uid, user]) => personOf(uid, user));
    expect(outputs).toEqual([
      {
        type: "push",
        to: { uid: "u-ann", clientId: "a1" },
        event: ["chat/welcome", { people, rooms: summaries(state) }],
      },
      { type: "reply", value: true },
    ]);
    const crowd = Array.from({ length: MAX_LIST + 1 }, (_, i) => open({ ...bob, uid: `u${i}` }));
    const [welcome] = after([...crowd, hello(ann)]).outputs;
    expect(JSON.stringify(welcome).match(/"uid":"u\d/g)).toHaveLength(MAX_LIST);
  });

  it("adds a room to the list, which is watched and told from then on", () => {
    const { state, outputs } = after([hello(ann, "tea"), hello(ann, "tea")]);
    expect(outputs.map(({ type }) => type)).toEqual(["push", "reply"]);
    const first = after([hello(ann, "tea")]).outputs;
    expect(first[0]).toEqual({ type: "watch", rooms: ["lobby", "typescript", "clojure", "tea"] });
    expect(first[1]).toEqual({ type: "broadcast", event: ["chat/rooms", { rooms: summaries(state) }] });
    for (const data of [null, {}, { room: "a b" }, { room: "../x" }]) {
      expect(after([{ type: "hello", from: ann, data, at: 1 }]).outputs).toEqual([
        { type: "refuse", code: "bad-room" },
      ]);
    }
  });
});

describe("a message", () => {
  it("is kept, told to its room and to its sender, and counted, in that order", () => {
    const { state, outputs } = after([open(ann), send(ann, "m1", "hello\r\n", "lobby", 9)]);
    const message = { id: "m1", uid: "u-ann", name: "Ann", runtime: "browser", text: "hello", at: 9 };
    expect(outputs).toEqual([
      { type: "keep", room: "lobby", message },
      { type: "push", to: { room: "chat/lobby" }, event: ["chat/message", message] },
      { type: "broadcast", event: ["chat/said", { room: "lobby", said: 1 }] },
      { type: "reply", value: message },
    ]);
    expect(summaries(state)[0]).toEqual({ name: "lobby", people: 0, said: 1 });
  });

  it("has a time of its own in its room, so that all who sort by it see one order; also after those that were kept", () => {
    const kept = new Map([["lobby", [{ id: "k", uid: "u", name: "K", runtime: "node", text: "k", at: 50 }]]]);
    const times = [10, 10, 60].map((at, i) => send(ann, `m${i}`, "x", "lobby", at));
    let state = after([open(ann)], initialState(kept)).state;
    const told = times.map((input) => {
      const next = after([input], state);
      state = next.state;
      return next.outputs.flatMap((output) => (output.type === "keep" ? [output.message.at] : []));
    });
    expect(told).toEqual([[51], [52], [60]]);
    expect(state.rooms.get("lobby")?.said).toBe(4);
  });

  it("is refused where it cannot be one, or nobody knows who says it", () => {
    const codes = (data: unknown, from = ann) => after([open(ann), { type: "send", from, data, at: 1 }]).outputs;
    for (const [data, code] of [
      [{ id: "m", text: "x" }, "bad-room"],
      [{ room: "lobby", id: "a b", text: "x" }, "bad-message-id"],
      [{ room: "lobby", id: "m", text: " \n" }, "bad-text"],
      [null, "bad-room"],
    ] as const) {
      expect(codes(data)).toEqual([{ type: "refuse", code }]);
    }
    expect(codes({ room: "lobby", id: "m", text: "x" }, bob)).toEqual([{ type: "refuse", code: "not-here" }]);
  });
});

describe("the list of rooms", () => {
  it("says how many people are in each, when that changes", () => {
    const counted = (room: string, people: number): ChatInput => ({ type: "members", room, people });
    const { state, outputs } = after([counted("lobby", 2)]);
    expect(outputs).toEqual([{ type: "broadcast", event: ["chat/rooms", { rooms: summaries(state) }] }]);
    expect(summaries(state)[0]).toEqual({ name: "lobby", people: 2, said: 0 });
    expect(after([counted("lobby", 2)], state).outputs).toEqual([]);
    expect(after([counted("unheard-of", 2)], state).state).toBe(state);
  });

  it("forgets the empty room that was not used for longest, never a permanent or an inhabited one", () => {
    const visits = Array.from({ length: MAX_ROOMS - 3 }, (_, i) => hello(ann, `room-${i}`, i + 1));
    const inhabited: ChatInput = { type: "members", room: "room-0", people: 1 };
    const { state, outputs } = after([...visits, inhabited, hello(ann, "one-more", 1_000)]);
    expect(state.rooms.size).toBe(MAX_ROOMS);
    expect(["lobby", "room-0", "room-1", "one-more"].map((name) => state.rooms.has(name))).toEqual([
      true,
      true,
      false,
      true,
    ]);
    expect(outputs[0]).toMatchObject({ type: "watch", rooms: expect.not.arrayContaining(["room-1"]) });
    const everywhere = visits.map((_, i): ChatInput => ({ type: "members", room: `room-${i}`, people: 1 }));
    expect(after([open(ann), ...visits, ...everywhere, hello(ann, "one-more")]).outputs).toEqual([
      { type: "refuse", code: "too-many-rooms" },
    ]);
    expect(after([open(ann), ...visits, ...everywhere, send(ann, "m", "x", "one-more")]).outputs).toEqual([
      { type: "refuse", code: "too-many-rooms" },
    ]);
  });
});

it("never changes the state that it was given", () => {
  const { state } = after([open(ann), hello(ann, "tea"), send(ann, "m1")]);
  const copy = structuredClone(state);
  const close: ChatInput = { type: "close", from: ann };
  after(
    [open(bob), send(bob, "m2"), { type: "rename", from: ann, data: { name: "A" } }, hello(bob, "x"), close],
    state,
  );
  expect(state).toEqual(copy);
});

describe("several servers", () => {
  const here = initialState(new Map(), "node-1");
  const bobElsewhere = { uid: "u-bob", name: "Bob", runtimes: ["bun"], node: "bun-2" };
  const told = (event: Told): ChatInput => ({ type: "told", event });

  it("know who is called how at the others, until they are gone", () => {
    const known = after([open(ann), told(["chat/person", bobElsewhere]), hello(ann)], here);
    const [welcome] = known.outputs;
    expect(welcome).toMatchObject({
      event: ["chat/welcome", { people: [bobElsewhere, { uid: "u-ann", name: "Ann", node: "node-1" }] }],
    });
    expect(after([{ type: "gone", uid: "u-bob" }], known.state).state.others.size).toBe(0);
    const crowd = Array.from({ length: MAX_LIST + 1 }, (_, i) =>
      told(["chat/person", { ...bobElsewhere, uid: `u${i}` }]),
    );
    expect(after(crowd, here).state.others.size).toBe(MAX_LIST);
  });

  it("take it that somebody is where they were told of, or heard, last", () => {
    const moved = after([open(bob), told(["chat/person", bobElsewhere])], here);
    expect([moved.state.users.size, moved.state.others.size]).toEqual([0, 1]);
    // They come in the session that they had, and open none; they are called as the other server said.
    const back = after([told(["chat/person", { ...bobElsewhere, name: "Bobby" }]), hello(bob)], moved.state);
    expect(back.outputs[0]).toEqual({
      type: "broadcast",
      event: ["chat/person", { uid: "u-bob", name: "Bobby", runtimes: ["bun"], node: "node-1" }],
    });
    expect([back.state.users.size, back.state.others.size]).toEqual([1, 0]);
    // What we told comes back to us, too.
    expect(after([told(["chat/person", { ...bobElsewhere, node: "node-1" }])], back.state).state).toBe(back.state);
  });

  it("have one list of rooms, and tell all that they know when one asks", () => {
    const rooms = [
      { name: "tea", people: 1, said: 4 },
      { name: "lobby", people: 2, said: 2 },
    ];
    const known = after([open(ann), told(["chat/rooms", { rooms }])], here);
    expect(known.outputs).toEqual([{ type: "watch", rooms: ["lobby", "typescript", "clojure", "tea"] }]);
    const more = after([told(["chat/said", { room: "tea", said: 5 }]), told(["chat/rooms", { rooms }])], known.state);
    expect(more.outputs).toEqual([]);
    expect(summaries(more.state).map(({ name, said }) => [name, said])).toContainEqual(["tea", 5]);
    expect(after([{ type: "asked" }], more.state).outputs).toEqual([
      { type: "broadcast", event: ["chat/rooms", { rooms: summaries(more.state) }] },
      {
        type: "broadcast",
        event: ["chat/person", { uid: "u-ann", name: "Ann", runtimes: ["browser"], node: "node-1" }],
      },
    ]);
  });
});
