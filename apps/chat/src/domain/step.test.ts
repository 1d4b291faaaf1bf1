import { describe, expect, it } from "vitest";
import { type ChatState, initialState, peopleIn, summaries } from "./chat-state.ts";
import type { Message } from "./events.ts";
import {
  MAX_HISTORY,
  MAX_HISTORY_LENGTH,
  MAX_NAMES,
  MAX_ROOMS,
  MAX_SEATS,
  MAX_TEXT_LENGTH,
  MAX_USERS,
} from "./limits.ts";
import { type ChatInput, type ChatOutput, type Sender, step } from "./step.ts";

const ann: Sender = { uid: "u-ann", clientId: "a1", name: "Ann", runtime: "browser" };
const annsOtherTab: Sender = { ...ann, clientId: "a2" };
const annsTerminal: Sender = { ...ann, clientId: "a3", runtime: "node" };
const bob: Sender = { uid: "u-bob", clientId: "b1", name: "Bob", runtime: "node" };

/** Takes the inputs one after another; the outputs are those of the last one. */
function after(inputs: readonly ChatInput[], from: ChatState = initialState(["lobby"])) {
  let state = from;
  let outputs: readonly ChatOutput[] = [];
  for (const input of inputs) ({ state, outputs } = step(state, input));
  return { state, outputs };
}

const join = (from: Sender, room = "lobby", at = 1): ChatInput => ({ type: "join", from, data: { room }, at });
const send = (from: Sender, id: string, text = "hello", room = "lobby", at = 2): ChatInput => ({
  type: "send",
  from,
  data: { room, id, text },
  at,
});
const pushes = (outputs: readonly ChatOutput[]) =>
  outputs.flatMap((output) => (output.type === "push" ? [[output.event[0], output.to]] : []));
const replyOf = (outputs: readonly ChatOutput[]) => outputs.find((output) => output.type === "reply")?.value;
const historyOf = (state: ChatState, room = "lobby"): readonly Message[] => state.rooms.get(room)?.history ?? [];

describe("joining", () => {
  it("answers with who is here, what was said, and the rooms", () => {
    const { outputs } = after([join(ann), send(ann, "m1"), join(bob)]);
    expect(replyOf(outputs)).toEqual({
      room: "lobby",
      people: [
        { uid: "u-ann", name: "Ann", runtimes: ["browser"] },
        { uid: "u-bob", name: "Bob", runtimes: ["node"] },
      ],
      history: [{ id: "m1", uid: "u-ann", name: "Ann", runtime: "browser", text: "hello", at: 2 }],
      rooms: [{ name: "lobby", people: 2, said: 1 }],
    });
  });

  it("tells everybody in the room who came, and everybody who is connected how many are in it", () => {
    const { outputs } = after([join(ann), join(bob)]);
    expect(outputs.slice(1)).toEqual([
      {
        type: "push",
        to: ["u-ann", "u-bob"],
        event: ["chat/here", { room: "lobby", person: { uid: "u-bob", name: "Bob", runtimes: ["node"] } }],
      },
      { type: "broadcast", event: ["chat/rooms", { rooms: [{ name: "lobby", people: 2, said: 0 }] }] },
    ]);
  });

  it("again, after a reconnect, answers and disturbs nobody", () => {
    const { outputs } = after([join(ann), join(bob), join(ann)]);
    expect(outputs.map(({ type }) => type)).toEqual(["reply"]);
  });

  it("shows a user once, with all the runtimes they speak from", () => {
    const { state } = after([join(ann), join(annsOtherTab), join(annsTerminal)]);
    expect(peopleIn(state, "lobby")).toEqual([{ uid: "u-ann", name: "Ann", runtimes: ["browser", "node"] }]);
  });

  it("another room leaves the first, but not for the user's other connections", () => {
    const moved = after([join(ann), join(bob), join(ann, "garden")]);
    expect(pushes(moved.outputs)).toEqual([
      ["chat/gone", ["u-bob"]],
      ["chat/here", ["u-ann"]],
    ]);
    const half = after([join(ann), join(annsOtherTab), join(ann, "garden")]);
    expect(summaries(half.state)).toEqual([
      { name: "lobby", people: 1, said: 0 },
      { name: "garden", people: 1, said: 0 },
    ]);
  });

  it("refuses what is no room's name", () => {
    for (const data of [undefined, null, 7, {}, { room: "" }, { room: "a b" }, { room: "x".repeat(33) }]) {
      const { state, outputs } = after([{ type: "join", from: ann, data, at: 1 }]);
      expect(outputs).toEqual([{ type: "refuse", code: "bad-room" }]);
      expect(state.users.size).toBe(0);
    }
  });
});

describe("leaving", () => {
  it("tells the others, once the last connection in the room is gone", () => {
    const one = after([join(ann), join(annsOtherTab), join(bob), { type: "leave", from: ann }]);
    expect(one.outputs).toEqual([{ type: "reply", value: true }]);
    const both = after([{ type: "leave", from: annsOtherTab }], one.state);
    expect(pushes(both.outputs)).toEqual([["chat/gone", ["u-bob"]]]);
    expect(both.state.users.has("u-ann")).toBe(false);
  });

  it("for good, when the last connection closes, ends all seats of the user", () => {
    const { state, outputs } = after([join(ann), join(annsOtherTab, "garden"), { type: "gone", uid: "u-ann" }]);
    expect(state.users.size).toBe(0);
    expect(outputs).toEqual([
      {
        type: "broadcast",
        event: [
          "chat/rooms",
          {
            rooms: [
              { name: "lobby", people: 0, said: 0 },
              { name: "garden", people: 0, said: 0 },
            ],
          },
        ],
      },
    ]);
  });

  it("of someone who never joined changes nothing", () => {
    const { state, outputs } = after([{ type: "gone", uid: "nobody" }]);
    expect(outputs).toEqual([]);
    expect(state).toEqual(initialState(["lobby"]));
  });
});

describe("renaming", () => {
  it("is told to everybody in the room and used for what follows", () => {
    const renamed = after([join(ann), join(bob), { type: "rename", from: ann, data: { name: "  Anna  B " } }]);
    expect(renamed.outputs).toEqual([
      { type: "reply", value: { name: "Anna B" } },
      {
        type: "push",
        to: ["u-ann", "u-bob"],
        event: ["chat/here", { room: "lobby", person: { uid: "u-ann", name: "Anna B", runtimes: ["browser"] } }],
      },
    ]);
    const { state } = after([send(ann, "m1")], renamed.state);
    expect(historyOf(state)[0]?.name).toBe("Anna B");
  });

  it("is refused for a bad name, and before joining", () => {
    const rename = (name: unknown): ChatInput => ({ type: "rename", from: ann, data: { name } });
    for (const name of [undefined, "", "   ", "x".repeat(33), "\u200d", "\u202e"]) {
      expect(after([join(ann), rename(name)]).outputs).toEqual([{ type: "refuse", code: "bad-name" }]);
    }
    expect(after([rename("Anna")]).outputs).toEqual([{ type: "refuse", code: "not-here" }]);
  });
});

describe("sending", () => {
  it("goes to everybody in the room, the sender's other tabs included, and to nobody else", () => {
    const carol: Sender = { uid: "u-carol", clientId: "c1", name: "Carol", runtime: "browser" };
    const { outputs } = after([join(ann), join(bob), join(carol, "garden"), send(ann, "m1", " hi\r\nthere \u0007 ")]);
    const message = { id: "m1", uid: "u-ann", name: "Ann", runtime: "browser", text: " hi\nthere", at: 2 };
    expect(outputs).toEqual([
      { type: "push", to: ["u-ann", "u-bob"], event: ["chat/message", { room: "lobby", message }] },
      { type: "broadcast", event: ["chat/said", { room: "lobby", said: 1 }] },
      { type: "reply", value: message },
    ]);
  });

  it("again, after a lost reply, is answered the same and not posted twice", () => {
    const once = after([join(ann), join(bob), send(ann, "m1", "hello", "lobby", 5)]);
    const again = after([send(ann, "m1", "hello", "lobby", 9)], once.state);
    expect(again.outputs).toEqual([{ type: "reply", value: replyOf(once.outputs) }]);
    expect(historyOf(again.state)).toHaveLength(1);
  });

  it("with an id that another sender used is another message", () => {
    const { state } = after([join(ann), join(bob), send(ann, "m1", "mine"), send(bob, "m1", "mine too")]);
    expect(historyOf(state).map(({ text }) => text)).toEqual(["mine", "mine too"]);
  });

  it("before joining, as after a restart of the server, brings the sender into the room", () => {
    const { state, outputs } = after([join(bob), send(ann, "m1")]);
    expect(pushes(outputs)).toEqual([
      ["chat/here", ["u-bob", "u-ann"]],
      ["chat/message", ["u-bob", "u-ann"]],
    ]);
    expect(peopleIn(state, "lobby").map(({ name }) => name)).toEqual(["Bob", "Ann"]);
  });

  it("is refused with the code of what is wrong, and changes nothing", () => {
    const cases: [unknown, string][] = [
      [null, "bad-room"],
      [{ room: "../lobby", id: "m1", text: "x" }, "bad-room"],
      [{ room: "lobby", text: "x" }, "bad-message-id"],
      [{ room: "lobby", id: "x".repeat(65), text: "x" }, "bad-message-id"],
      [{ room: "lobby", id: "m1" }, "bad-text"],
      [{ room: "lobby", id: "m1", text: " \n " }, "bad-text"],
      [{ room: "lobby", id: "m1", text: ["x"] }, "bad-text"],
      [{ room: "lobby", id: "m1", text: "x".repeat(MAX_TEXT_LENGTH + 1) }, "bad-text"],
    ];
    const { state: before } = after([join(ann)]);
    for (const [data, code] of cases) {
      const { state, outputs } = after([{ type: "send", from: ann, data, at: 3 }], before);
      expect(outputs).toEqual([{ type: "refuse", code }]);
      expect(state).toBe(before);
    }
  });
});

describe("times", () => {
  it("are later for what was said later, in one millisecond or by a clock that goes back", () => {
    const at = (id: string, time: number) => send(ann, id, "hello", "lobby", time);
    const { state } = after([at("m1", 10), at("m2", 10), at("m3", 4), at("m4", 20)]);
    expect(historyOf(state).map((message) => message.at)).toEqual([10, 11, 12, 20]);
  });
});

describe("writing", () => {
  const typing = (from: Sender, data: unknown = { room: "lobby" }): ChatInput => ({ type: "typing", from, data });

  it("is told to the others in the room, and kept nowhere", () => {
    const { state: before } = after([join(ann), join(annsOtherTab), join(bob), join({ ...bob, uid: "u-c" }, "garden")]);
    const { state, outputs } = after([typing(ann)], before);
    expect(outputs).toEqual([
      { type: "push", to: ["u-bob"], event: ["chat/typing", { room: "lobby", uid: "u-ann", name: "Ann" }] },
      { type: "reply", value: true },
    ]);
    expect(state).toBe(before);
  });

  it("is refused in a room in which one is not", () => {
    for (const data of [null, {}, { room: "a b" }]) {
      expect(after([join(ann), typing(ann, data)]).outputs).toEqual([{ type: "refuse", code: "bad-room" }]);
    }
    expect(after([join(bob), typing(ann)]).outputs).toEqual([{ type: "refuse", code: "not-here" }]);
  });
});

describe("what was said", () => {
  it("is counted for every room, beyond what is kept, and told to everybody", () => {
    const many = Array.from({ length: MAX_HISTORY + 5 }, (_, i) => send(ann, `m${i}`));
    const { state, outputs } = after([join(bob, "garden"), ...many]);
    expect(outputs).toContainEqual({
      type: "broadcast",
      event: ["chat/said", { room: "lobby", said: MAX_HISTORY + 5 }],
    });
    expect(summaries(state)).toContainEqual({ name: "lobby", people: 1, said: MAX_HISTORY + 5 });
  });

  it("is not counted again when a message is sent again", () => {
    const { state } = after([send(ann, "m1"), send(ann, "m1")]);
    expect(summaries(state)).toEqual([{ name: "lobby", people: 1, said: 1 }]);
  });
});

describe("names", () => {
  const nameless: Sender = { ...ann, name: undefined };
  it("are remembered of those who went, for when they come without one", () => {
    const { state } = after([
      join(ann),
      { type: "rename", from: ann, data: { name: "Anna" } },
      { type: "gone", uid: "u-ann" },
      join(nameless),
    ]);
    expect(peopleIn(state, "lobby").map(({ name }) => name)).toEqual(["Anna"]);
  });

  it("are made up for who never had one", () => {
    expect(peopleIn(after([join(nameless)]).state, "lobby").map(({ name }) => name)).toEqual(["guest-u-an"]);
  });

  it("are remembered of a bounded number of people, the latest", () => {
    const visits = Array.from({ length: MAX_NAMES + 1 }, (_, i): ChatInput[] => [
      join({ ...bob, uid: `u${i}` }),
      { type: "gone", uid: `u${i}` },
    ]);
    const { state } = after(visits.flat());
    expect(state.names.size).toBe(MAX_NAMES);
    expect(state.names.has("u0")).toBe(false);
  });
});

describe("memory", () => {
  it("keeps the last messages of a room, by number and by length", () => {
    const many = Array.from({ length: MAX_HISTORY + 5 }, (_, i) => send(ann, `m${i}`));
    const { state } = after(many);
    expect(historyOf(state)).toHaveLength(MAX_HISTORY);
    expect(historyOf(state)[0]?.id).toBe("m5");

    const long = Array.from({ length: MAX_HISTORY }, (_, i) => send(ann, `m${i}`, "x".repeat(MAX_TEXT_LENGTH)));
    expect(historyOf(after(long).state)).toHaveLength(MAX_HISTORY_LENGTH / MAX_TEXT_LENGTH);
  });

  it("forgets the empty room that was not used for longest, never a permanent or an inhabited one", () => {
    const visits = Array.from({ length: MAX_ROOMS - 1 }, (_, i) => join(ann, `room-${i}`, i + 1));
    const { state } = after([join(bob, "room-0", 1), ...visits, join(ann, "one-more", 1_000)]);
    expect(state.rooms.size).toBe(MAX_ROOMS);
    expect(state.rooms.has("lobby")).toBe(true);
    expect(state.rooms.has("room-0")).toBe(true);
    expect(state.rooms.has("room-1")).toBe(false);
  });

  it("refuses a further room where all are inhabited", () => {
    const people = Array.from({ length: MAX_ROOMS - 1 }, (_, i) =>
      join({ ...bob, uid: `u${i}`, clientId: `c${i}` }, `room-${i}`),
    );
    const { outputs } = after([...people, join(ann, "one-more")]);
    expect(outputs).toEqual([{ type: "refuse", code: "too-many-rooms" }]);
  });

  it("takes a bounded number of people, and of connections of one of them", () => {
    const crowd = Array.from({ length: MAX_USERS }, (_, i) => join({ ...bob, uid: `u${i}` }));
    expect(after([...crowd, join(ann)]).outputs).toEqual([{ type: "refuse", code: "too-many-people" }]);

    const tabs = Array.from({ length: MAX_SEATS + 1 }, (_, i) => join({ ...ann, clientId: `tab-${i}` }));
    const seats = after(tabs).state.users.get("u-ann")?.seats;
    expect(seats?.size).toBe(MAX_SEATS);
    expect(seats?.has("tab-0")).toBe(false);
  });
});

it("never changes the state that it was given", () => {
  const { state } = after([join(ann), send(ann, "m1")]);
  const copy = structuredClone(state);
  after(
    [join(bob), send(bob, "m2"), { type: "rename", from: ann, data: { name: "A" } }, { type: "gone", uid: "u-ann" }],
    state,
  );
  expect(state).toEqual(copy);
});
