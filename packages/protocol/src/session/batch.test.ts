import { describe, expect, it } from "vitest";
import { json } from "../codecs/json/index.ts";
import type { SenteEvent } from "../event.ts";
import { Batch } from "./batch.ts";

const texts = (batch: Batch, maxBytes = 1_000_000, form: "wrapped" | "bare" = "wrapped") =>
  batch.framesFor(json, form, maxBytes).frames.map(({ data }) => data);
const event = (id: string, data?: unknown): SenteEvent => (data === undefined ? [id] : [id, data]);

describe("Batch (architecture: a batch is shared, and order is call order)", () => {
  it("gives sessions with equal pending events one frame, encoded once", () => {
    let encodings = 0;
    const encode = (value: unknown) => {
      encodings++;
      return json.encode(value);
    };
    const counting = { ...json, encode };
    const root = Batch.root();
    const [first, second] = [event("a/b", 1), event("a/c", 2)];
    const sessions = Array.from({ length: 100 }, () => root.with(first).with(second));
    const frames = new Set(sessions.map((batch) => batch.framesFor(counting, "wrapped", 1_000).frames[0]));
    expect([frames.size, encodings]).toEqual([1, 1]);
    expect([...frames][0]?.data).toBe('[[["a/b",1],["a/c",2]],null]');
  });

  it("keeps sessions apart whose events differ", () => {
    const root = Batch.root();
    const all = event("a/all");
    const mine = root.with(event("a/mine")).with(all);
    expect(texts(mine)).toEqual(['[[["a/mine"],["a/all"]],null]']);
    expect(texts(root.with(all))).toEqual(['[[["a/all"]],null]']);
  });

  it("gives a bare peer one frame for each event", () => {
    const batch = Batch.root().with(event("a/b", 1)).with(event("a/c"));
    expect(texts(batch, 1_000, "bare")).toEqual(['["a/b",1]', '["a/c"]']);
  });

  it("splits a frame over the limit, and refuses only an event that alone is over it", () => {
    const big = event("a/big", "x".repeat(200));
    const batch = Batch.root()
      .with(event("a/one", "x".repeat(50)))
      .with(big)
      .with(event("a/two", "x".repeat(50)));
    const { frames, refused } = batch.framesFor(json, "wrapped", 100);
    expect(frames.map(({ data }) => String(data).slice(4, 9))).toEqual(["a/one", "a/two"]);
    expect(refused.map(({ event: [id], error }) => [id, error.code])).toEqual([["a/big", "too-large"]]);
  });

  it("leaves out an event that the codec refuses, and tells of it once", () => {
    const batch = Batch.root().with(event("a/one", 1)).with(event("a/nan", Number.NaN));
    const first = batch.framesFor(json, "wrapped", 1_000);
    expect(first.frames.map(({ data }) => data)).toEqual(['[[["a/one",1]],null]']);
    expect(first.refused.map(({ event: [id] }) => id)).toEqual(["a/nan"]);
    expect(batch.framesFor(json, "wrapped", 1_000)).toEqual({ frames: first.frames, refused: [] });
  });
});
