import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Message } from "../domain/events.ts";
import { MAX_HISTORY, MAX_ROOMS, MAX_TEXT_LENGTH } from "../domain/limits.ts";
import { fileStore, type Kept } from "./file-store.ts";

let folder: string;
let file: string;
let reports: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "chat-store-"));
  file = join(folder, "chat.jsonl");
  reports = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

type Said = readonly [id: string, room?: string, text?: string];
const open = () => fileStore(folder, (message) => reports.push(message));
const message = (id: string, text = "hello"): Message => {
  return { id, uid: "u-ann", name: "Ann", runtime: "node", text, at: 5 };
};

/** A life of the server: loads, keeps what is said, and dies without a word. Returns what it knew at first. */
function live(...said: readonly Said[]): Kept {
  const store = open();
  const kept = store.load();
  for (const [id, room = "lobby", text] of said) store.keep(room, message(id, text));
  return kept;
}
const ids = (kept: Kept, room = "lobby") => kept.get(room)?.map(({ id }) => id);

it("gives a further life what the earlier ones kept", () => {
  live(["m1"], ["m2", "garden"]);
  live(["m3"]);
  const kept = live();
  expect([ids(kept), ids(kept, "garden"), kept.get("garden")]).toEqual([["m1", "m3"], ["m2"], [message("m2")]]);
  expect(reports).toEqual([]);
});

it("leaves out a last line that was not written to its end, and goes on behind what was", () => {
  live(["m1"], ["m2"]);
  writeFileSync(file, readFileSync(file, "utf8").slice(0, -20));
  live(["m3"]);
  expect(ids(live())).toEqual(["m1", "m3"]);
  expect(reports).toEqual([]);
});

it("starts with what can be read of a damaged file, says so, and keeps the file beside", () => {
  live(["m1"], ["m2"]);
  const strange = ['{"room":"lobby"}', "[]", "null", '{"room":"../x","message":{}}'].join("\n");
  writeFileSync(file, `\u0000\u0001 rubbish\n${readFileSync(file, "utf8")}${strange}\n`);
  expect(ids(live())).toEqual(["m1", "m2"]);
  expect(reports).toEqual([expect.stringContaining("had 5 line(s) that cannot be read")]);
  expect(readdirSync(folder).sort()).toEqual(["chat.jsonl", "chat.jsonl.bad"]);
  expect(ids(live())).toEqual(["m1", "m2"]);
  expect(reports).toHaveLength(1);
});

it("starts, and serves, where nothing can be written", () => {
  const blocked = join(file, "below");
  writeFileSync(file, "");
  const store = fileStore(blocked, (text) => reports.push(text));
  expect(store.load().size).toBe(0);
  store.keep("lobby", message("m1"));
  expect(reports).toEqual([expect.stringContaining("goes on without it")]);
});

it("keeps of each room no more than its history, and of rooms those where something was said last", () => {
  live(...Array.from({ length: MAX_HISTORY + 5 }, (_, i): Said => [`m${i}`]));
  live(...Array.from({ length: MAX_ROOMS - 1 }, (_, i): Said => ["m", `room-${i}`]), ["m", "lobby"], ["m", "new"]);
  const kept = live();
  expect([kept.size, kept.has("room-0"), kept.has("room-1"), ids(kept)?.length]).toEqual([
    MAX_ROOMS,
    false,
    true,
    MAX_HISTORY,
  ]);
});

it("keeps what was said in a permanent room, however many others were spoken in since", () => {
  live(["m1", "lobby"], ...Array.from({ length: 2 * MAX_ROOMS }, (_, i): Said => ["m", `room-${i}`]));
  expect([ids(live()), live().size]).toEqual([["m1"], MAX_ROOMS]);
});

it("stays small however much is said", () => {
  const text = "x".repeat(MAX_TEXT_LENGTH);
  live(...Array.from({ length: 2_500 }, (_, i): Said => [`m${i}`, "lobby", text]));
  expect(statSync(file).size).toBeLessThan(4.5 * 1024 * 1024);
  expect(ids(live())?.at(-1)).toBe("m2499");
  expect(statSync(file).size).toBeLessThan(MAX_HISTORY * (MAX_TEXT_LENGTH + 200));
});
