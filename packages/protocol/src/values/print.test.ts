import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyValue } from "./arbitrary.test-support.ts";
import { kw } from "./keyword.ts";
import { print } from "./print.ts";
import { double, sym, tagged, uri, uuid } from "./types.ts";

describe("print", () => {
  it("shows data much like EDN", () => {
    const id = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
    expect(
      print({ a: [1, "x\n", null, undefined, true], "b/c": new Set([kw("k"), sym("s")]), d: new Map([[[1], 2n]]) }),
    ).toBe('{:a [1 "x\\n" nil nil true], :b/c #{:k s}, :d {[1] 2N}}');
    expect(print([double(1), -0, Number.NaN, 1 / 0, -1 / 0])).toBe("[1.0 -0.0 ##NaN ##Inf ##-Inf]");
    expect(print([uuid(id), uri("http://a"), new Date(0), new Uint8Array(3), tagged("t", [1])])).toBe(
      `[#uuid "${id}" #uri "http://a" #inst "1970-01-01T00:00:00.000Z" #<3 bytes> #t [1]]`,
    );
  });

  it("shows what is no data as what it is", () => {
    function named() {}
    class Money {}
    expect(print([named, Symbol("x"), new Money(), new TypeError("no"), new Date(Number.NaN), 10n ** 1000n])).toBe(
      "[#<function named> #<Symbol(x)> #<Money> #<TypeError: no> #<Invalid Date> #<bigint>]",
    );
  });

  it("ends where a value contains itself, or is too deep", () => {
    const cyclic: unknown[] = [1];
    cyclic.push(cyclic);
    expect(print(cyclic)).toBe("[1 ...]");
    expect(print([[[[1]]]], { maxDepth: 2 })).toBe("[[...]]");
    const shared = [1];
    expect(print([shared, shared])).toBe("[[1] [1]]");
  });

  it("never throws, whatever throws inside", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const getter = Object.defineProperty({ a: 1 }, "b", {
      enumerable: true,
      get() {
        throw new Error("no");
      },
    });
    expect(print([1, getter, proxy])).toBe("[1 #<unprintable> #<unprintable>]");
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true }),
        (value) => void print(value),
      ),
    );
    fc.assert(fc.property(anyValue, (value) => void print(value)));
  });

  it("is bounded in length, however large the value, and reads no more than it shows", () => {
    const large = Array.from({ length: 100_000 }, (_, i) => ({ index: i, text: "x".repeat(100) }));
    expect(print(large).length).toBeLessThan(2100);
    expect(print("x".repeat(1_000_000), { maxLength: 10 })).toBe('"xxxxxxxxxx..."');
    expect(print(Array(1000).fill("abc"), { maxLength: 10 }).length).toBeLessThan(30);
    let reads = 0;
    const counting = new Proxy(large, {
      get(target, key) {
        reads++;
        return Reflect.get(target, key);
      },
    });
    print(counting);
    expect(reads).toBeLessThan(1000);
  });
});
