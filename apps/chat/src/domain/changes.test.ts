import { expect, it } from "vitest";
import { allChanges, changed, changesBetween, readChange } from "./changes.ts";
import { type ChatState, initialState } from "./chat-state.ts";
import { MAX_HISTORY, MAX_NAMES, MAX_ROOMS } from "./limits.ts";
import { type ChatInput, type Sender, step } from "./step.ts";

const ann: Sender = { uid: "u-ann", clientId: "a1", name: "Ann", runtime: "browser" };
const join = (room: string, at = 1): ChatInput => ({ type: "join", from: ann, data: { room }, at });
const send = (id: string, room = "lobby"): ChatInput => ({
  type: "send",
  from: ann,
  data: { room, id, text: `text of ${id}` },
  at: 2,
});
const start = () => initialState(["lobby"]);
const after = (inputs: readonly ChatInput[]) => inputs.reduce((state, input) => step(state, input).state, start());
const restored = (changes: readonly unknown[]): ChatState =>
  changes.reduce((state: ChatState, one) => {
    const change = readChange(JSON.parse(JSON.stringify(one)));
    return change === undefined ? state : changed(state, change);
  }, start());

const story: readonly ChatInput[] = [
  join("lobby"),
  send("m1"),
  { type: "rename", from: ann, data: { name: "Anna" } },
  ...Array.from({ length: MAX_HISTORY + 5 }, (_, i) => send(`g${i}`, "garden")),
  join("empty"),
  { type: "gone", uid: "u-ann" },
];

it("the changes of every step lead to what was said, where, and by whom; but to nobody who is here", () => {
  let state = start();
  const log = story.flatMap((input) => {
    const before = state;
    state = step(state, input).state;
    return changesBetween(before, state);
  });
  const { rooms, names } = after(story);
  expect(restored(log)).toEqual({ users: new Map(), rooms, names });
  expect(rooms.get("garden")?.said).toBe(MAX_HISTORY + 5);
});

it("a list made of the state alone leads there too, and is no longer than what is kept", () => {
  const { rooms, names } = after(story);
  const all = allChanges(after(story));
  expect(restored(all)).toEqual({ users: new Map(), rooms, names });
  expect(all.filter(({ type }) => type === "message")).toHaveLength(MAX_HISTORY + 1);
});

it("joining again, or leaving, is no change", () => {
  const state = after(story);
  expect(changesBetween(state, step(state, { type: "gone", uid: "nobody" }).state)).toEqual([]);
  const here = step(state, join("lobby")).state;
  expect(changesBetween(here, step(here, join("lobby", 9)).state)).toEqual([]);
});

it("what is no change is not read", () => {
  const strange = [
    null,
    7,
    "x",
    [],
    {},
    { type: "name", uid: "u" },
    { type: "room", room: "../x", said: 1, at: 1 },
    { type: "room", room: "x", said: -1, at: 1 },
    { type: "message", room: "lobby", message: { text: "x" } },
    { type: "other", room: "lobby" },
  ];
  for (const value of strange) expect(readChange(value)).toBeUndefined();
});

it("a list that somebody made does not go over the bounds, nor does it end a permanent room", () => {
  const many = (n: number, make: (i: number) => unknown) => Array.from({ length: n }, (_, i) => make(i));
  const state = restored([
    ...many(MAX_ROOMS + 9, (i) => ({ type: "room", room: `r${i}`, said: 0, at: 1 })),
    ...many(MAX_NAMES + 9, (i) => ({ type: "name", uid: `u${i}`, name: "x" })),
    { type: "forgotten", room: "lobby" },
  ]);
  expect([state.rooms.size, state.names.size, state.rooms.has("lobby")]).toEqual([MAX_ROOMS, MAX_NAMES, true]);
});
