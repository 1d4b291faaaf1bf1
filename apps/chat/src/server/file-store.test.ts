import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type ChatState, initialState } from "../domain/chat-state.ts";
import { MAX_TEXT_LENGTH } from "../domain/limits.ts";
import { type ChatInput, type Sender, step } from "../domain/step.ts";
import { fileStore } from "./file-store.ts";

let folder: string;
let file: string;
let reports: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "chat-store-"));
  file = join(folder, "chat.jsonl");
  reports = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const ann: Sender = { uid: "u-ann", clientId: "a1", name: "Ann", runtime: "node" };
const send = (id: string, text = "hello", room = "lobby"): ChatInput => ({
  type: "send",
  from: ann,
  data: { room, id, text },
  at: 5,
});
const open = () => fileStore(folder, (message) => reports.push(message));

/** A life of the server: loads, takes the inputs, and dies without a word. */
function live(...inputs: readonly ChatInput[]): ChatState {
  const store = open();
  let state = store.load(initialState(["lobby"]));
  for (const input of inputs) {
    const before = state;
    state = step(state, input).state;
    store.keep(before, state);
  }
  return state;
}
const said = (state: ChatState, room = "lobby") => state.rooms.get(room)?.history.map(({ id }) => id);

it("gives a further life what the earlier ones kept, without those who were connected", () => {
  live(send("m1"), send("m2", "hi", "garden"), { type: "rename", from: ann, data: { name: "Anna" } });
  live(send("m3"));
  const state = live();
  expect([said(state), said(state, "garden"), state.names.get("u-ann"), state.users.size]).toEqual([
    ["m1", "m3"],
    ["m2"],
    "Ann",
    0,
  ]);
  expect(reports).toEqual([]);
});

it("leaves out a last line that was not written to its end, and goes on behind what was", () => {
  live(send("m1"), send("m2"));
  writeFileSync(file, readFileSync(file, "utf8").slice(0, -20));
  live(send("m3"));
  expect(said(live())).toEqual(["m1", "m3"]);
  expect(reports).toEqual([]);
});

it("starts with what can be read of a damaged file, says so, and keeps the file beside", () => {
  live(send("m1"), send("m2"));
  writeFileSync(file, `\u0000\u0001 rubbish\n${readFileSync(file, "utf8")}{"type":"message"}\n[]\nnull\n`);
  expect(said(live())).toEqual(["m1", "m2"]);
  expect(reports).toEqual([expect.stringContaining("had 4 line(s) that cannot be read")]);
  expect(readdirSync(folder).sort()).toEqual(["chat.jsonl", "chat.jsonl.bad"]);
  expect(said(live())).toEqual(["m1", "m2"]);
  expect(reports).toHaveLength(1);
});

it("starts, and serves, where nothing can be written", () => {
  const blocked = join(file, "below");
  writeFileSync(file, "");
  const store = fileStore(blocked, (message) => reports.push(message));
  const state = store.load(initialState(["lobby"]));
  store.keep(state, step(state, send("m1")).state);
  expect(state.rooms.has("lobby")).toBe(true);
  expect(reports).toEqual([expect.stringContaining("goes on without it")]);
});

it("stays small however much is said", () => {
  const text = "x".repeat(MAX_TEXT_LENGTH);
  live(...Array.from({ length: 2_500 }, (_, i) => send(`m${i}`, text)));
  expect(statSync(file).size).toBeLessThan(4.5 * 1024 * 1024);
  expect(said(live())?.at(-1)).toBe("m2499");
  expect(statSync(file).size).toBeLessThan(200_000);
});
