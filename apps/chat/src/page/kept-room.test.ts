import { expect, it } from "vitest";
import type { Kept } from "../client/chat-client.ts";
import { MAX_HISTORY } from "../domain/limits.ts";
import { readKept } from "./kept-room.ts";

const entry = (id: string, own = false) => {
  return { id, uid: "u-ann", name: "Ann", runtime: "node", text: id, at: 1, own, status: "delivered" as const };
};
const kept: Kept = { room: "lobby", position: { epoch: "e", offset: 2 }, entries: [entry("a"), entry("b", true)] };
const stored = (value: unknown) => readKept(JSON.parse(JSON.stringify(value)));

it("reads what it kept, of entries the last", () => {
  expect(stored(kept)).toEqual(kept);
  const many = Array.from({ length: MAX_HISTORY + 1 }, (_, i) => entry(`m${i}`));
  expect(stored({ ...kept, entries: many })?.entries).toEqual(many.slice(1));
});

it("goes on from no place that it cannot read: with one entry missing, the position would not be that of the rest", () => {
  const entries = [entry("a"), { ...entry("b"), text: 7 }];
  for (const value of [
    null,
    7,
    [],
    {},
    { ...kept, room: "../x" },
    { ...kept, position: null },
    { ...kept, position: { epoch: 1, offset: 2 } },
    { ...kept, position: { epoch: "e", offset: -1 } },
    { ...kept, entries: "all" },
    { ...kept, entries },
  ]) {
    expect(stored(value)).toBeUndefined();
  }
});
