import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyValue } from "./arbitrary.test-support.ts";
import { equal, kw, tagged, uuid } from "./index.ts";
import { snapshot } from "./snapshot.ts";

describe("snapshot", () => {
  it("equals what it was made of, for every value", () => {
    fc.assert(fc.property(anyValue, (value) => equal(snapshot(value).value, value)));
  });

  it("is not changed with it, in any part", () => {
    const inner = { n: 1 };
    const bytes = new Uint8Array([1, 2]);
    const date = new Date(0);
    const original = { inner, list: [inner], map: new Map([[[1], inner]]), set: new Set([inner]), bytes, date };
    const withTag = { original, tagged: tagged("app/x", inner), id: uuid("00000000-0000-0000-0000-000000000000") };
    const { value } = snapshot(withTag);
    const before = structuredClone(original);
    inner.n = 2;
    bytes[0] = 9;
    date.setTime(5);
    original.list.push(inner);
    original.map.clear();
    original.set.clear();
    expect((value as typeof withTag).original).toEqual(before);
    expect((value as typeof withTag).tagged).toEqual(tagged("app/x", { n: 1 }));
    expect((value as typeof withTag).id).toBe(withTag.id);
  });

  it("keeps own keys of any name, and reaches no prototype", () => {
    const record = JSON.parse('{"__proto__": {"a": 1}, "b": 2}');
    const { value } = snapshot(record);
    expect(Object.keys(value as object)).toEqual(["__proto__", "b"]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it("copies a part that occurs often once, so that its cost is that of the parts", () => {
    let value: unknown = [kw("a/b")];
    for (let n = 0; n < 60; n++) value = [value, value];
    const [left, right] = snapshot(value).value as readonly unknown[];
    expect(left).toBe(right);
  });

  it("tells of instances that only a handler knows", () => {
    class Money {}
    expect(snapshot([new Money()]).hasInstances).toBe(true);
    expect(snapshot([{}]).hasInstances).toBe(false);
  });
});
