import { describe, expect, it } from "vitest";
import { isKeywordName, isObjectKey, isObjectKeyAt, isSymbolName, isTagName } from "./keyword-name.ts";

describe("the grammar of names", () => {
  it.each([
    "a",
    "a/b",
    "user/id",
    "a.b/c.d",
    "1",
    "12",
    "a1",
    "x?",
    "a->b",
    "é",
    "漢字",
    "𝒳",
    "a:b",
    "#a",
    "'a",
    "nil",
    "-",
    "+1",
  ])("lets %j be a keyword", (name) => {
    expect(isKeywordName(name)).toBe(true);
  });

  it.each([
    ["nothing", ""],
    ["a space", "a b"],
    ["a comma", "a,b"],
    ["a no-break space", "a\u00a0b"],
    ["a line separator", "a\u2028b"],
    ["a control character", "a\u0001b"],
    ["a delete character", "a\u007fb"],
    ["half a surrogate pair", "a\ud800b"],
    ["an at sign", "ann@b.c"],
    ...Array.from('";@^`~()[]{}\\', (unit) => [`the unit ${unit}`, `a${unit}b`]),
    ["a slash alone", "/"],
    ["a slash at the beginning", "/a"],
    ["a slash at the end", "a/"],
    ["two slashes", "a/b/c"],
    ["a digit after the slash", "a/1"],
    ["a digit at the beginning of a namespace", "1a/b"],
    ["a colon at the beginning", ":a"],
    ["a colon at the end", "a:"],
    ["a colon before the slash", "a:/b"],
    ["a colon after the slash", "a/:b"],
    ["two colons", "a::b"],
  ])("lets no keyword have %s", (_, name = "") => {
    expect(isKeywordName(name)).toBe(false);
    expect(isObjectKey(name)).toBe(false);
  });

  it("does not let a decoded object have the key __proto__, though it is a keyword", () => {
    expect(isKeywordName("__proto__")).toBe(true);
    expect(isObjectKey("__proto__")).toBe(false);
    expect(isObjectKey("constructor")).toBe(true);
  });

  it("gives the same answer at any place, however often it is asked", () => {
    for (const name of ["a", "a b", "__proto__", "b", "a", "x".repeat(500), "a b"]) {
      for (const place of [0, 1, 1024, 0]) expect(isObjectKeyAt(place, name)).toBe(isObjectKey(name));
    }
  });

  it("gives it at a place where nothing was before, for the empty key too", () => {
    for (let place = 0; place < 1024; place++) expect(isObjectKeyAt(place, "")).toBe(false);
  });

  it("lets a symbol be what reads as nothing else", () => {
    for (const name of ["a", "/", "a/b", "+", "-", "-a", "'a", "nil?", "a1", "->x", "."]) {
      expect([name, isSymbolName(name)]).toEqual([name, true]);
    }
    for (const name of ["", "1", "1a", "+1", "-1", ".5", "#a", "nil", "true", "false", ":a", "a b", "a/1", "//"]) {
      expect([name, isSymbolName(name)]).toEqual([name, false]);
    }
  });

  it("lets a tag be what no format has a meaning of its own for", () => {
    for (const tag of ["foo", "my.app/point", "link", "é", "x", "array"])
      expect([tag, isTagName(tag)]).toEqual([tag, true]);
    for (const tag of ["", "1", "'", "#", "_x", "a b", "set", "list", "cmap", "inst", "uuid", "m", "sente-lite/uri"]) {
      expect([tag, isTagName(tag)]).toEqual([tag, false]);
    }
  });

  it("answers for a name of a megabyte without trouble", () => {
    expect(isKeywordName("x".repeat(1 << 20))).toBe(true);
    expect(isKeywordName(`${"x:".repeat(1 << 19)}`)).toBe(false);
  });
});
