import { describe, expect, it } from "vitest";
import { transitJson } from "../codecs/transit-json/index.ts";
import { UsageError } from "../errors.ts";
import { equal } from "./equal.ts";
import { countInterned, isKw, kw } from "./keyword.ts";
import { isSym, isTagged, isUuid, sym, Tagged, tagged, uri, uuid } from "./types.ts";

describe("Keyword", () => {
  it("has a name and a namespace", () => {
    expect([kw("a/b").fqn, kw("a/b").name, kw("a/b").namespace]).toEqual(["a/b", "b", "a"]);
    expect([kw("b").fqn, kw("b").name, kw("b").namespace]).toEqual(["b", "b", undefined]);
    expect([sym("/").name, sym("/").namespace]).toEqual(["/", undefined]);
    expect(`${kw("a/b")} ${sym("a/b")}`).toBe(":a/b a/b");
  });

  it("is recognised, by its name too", () => {
    expect([isKw(kw("a")), isKw(kw("a"), "a"), isKw(kw("a"), "b"), isKw("a"), isKw(sym("a")), isKw(null)]).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
    expect([
      isSym(sym("a"), "a"),
      isSym(kw("a")),
      isTagged(tagged("a", 1), "a"),
      isTagged(tagged("a", 1), "b"),
    ]).toEqual([true, false, true, false]);
  });

  it("cannot be made with a name that not every codec carries", () => {
    expect(() => kw("a b")).toThrow(expect.objectContaining({ name: "UsageError", code: "bad-keyword" }));
    expect(() => sym("1")).toThrow(UsageError);
    expect(() => uuid("f81d4fae")).toThrow(expect.objectContaining({ code: "bad-uuid" }));
    expect(() => uri("http://a b")).toThrow(expect.objectContaining({ code: "bad-uri" }));
  });

  it("is held for reuse in bounded number, however many a peer sends", () => {
    const before = kw("kept/for-reuse");
    expect(kw("kept/for-reuse")).toBe(before);
    for (let i = 0; i < 20_000; i++) kw(`flood/k${i}`);
    const text = JSON.stringify(Array.from({ length: 20_000 }, (_, i) => `~:flood/t${i}`));
    expect(transitJson.decode(text)).toHaveLength(20_000);
    expect(countInterned()).toBeLessThanOrEqual(4096);
    expect(countInterned()).toBeGreaterThan(2000);
    // No longer the same object, but equal.
    expect(equal(kw("kept/for-reuse"), before)).toBe(true);
  });

  it("is not held for reuse where its name is long", () => {
    const before = countInterned();
    for (let i = 0; i < 100; i++) kw(`${"long".repeat(100)}${i}`);
    expect(countInterned()).toBe(before);
  });

  it("stays held while it is used, though others come and go", () => {
    const used = kw("used/often");
    for (let i = 0; i < 10_000; i++) {
      kw(`other/k${i}`);
      if (i % 1000 === 0) expect(kw("used/often")).toBe(used);
    }
  });
});

describe("two copies of the library", () => {
  it("understand each other's values", async () => {
    const copy = "?copy";
    const theirs = (await import(/* @vite-ignore */ `./types.ts${copy}`)) as typeof import("./types.ts");
    const keywords = (await import(/* @vite-ignore */ `./keyword.ts${copy}`)) as typeof import("./keyword.ts");
    expect(theirs.Tagged).not.toBe(Tagged);
    const id = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
    const foreign = [keywords.kw("a/b"), theirs.uuid(id), theirs.tagged("point", 1), theirs.double(1)];
    expect([isKw(foreign[0], "a/b"), isUuid(foreign[1]), isTagged(foreign[2], "point")]).toEqual([true, true, true]);
    expect(equal(foreign, [kw("a/b"), uuid(id), tagged("point", 1), 1])).toBe(true);
    expect(transitJson.encode(foreign)).toBe(`["~:a/b","~u${id}",["~#point",1],1.0]`);
  });
});
