import { describe, expect, it } from "vitest";
import { DecodeError, UsageError } from "../errors.ts";
import { tagged } from "../values/types.ts";
import type { Handler } from "./codec.ts";
import { createEdn, edn } from "./edn/index.ts";
import { createJson } from "./json/index.ts";
import { createTransitJson, transitJson } from "./transit-json/index.ts";

class Point {
  readonly x: number;
  readonly y: number;

  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
  }
}

class Points extends Map<string, Point> {}

const point: Handler<Point> = {
  tag: "my.app/point",
  is: (value) => value instanceof Point,
  write: ({ x, y }) => [x, y],
  read: (rep) => {
    if (!Array.isArray(rep)) throw new TypeError("no point");
    return new Point(rep[0], rep[1]);
  },
};
const handlers = [point] as unknown as readonly Handler[];
const value = { at: [new Point(1, 2), new Point(3, 4)] };

describe.each([
  [createEdn, edn, "{:at [#my.app/point [1 2] #my.app/point [3 4]]}"],
  [createTransitJson, transitJson, '["^ ","~:at",[["~#my.app/point",[1,2]],["^1",[3,4]]]]'],
])("a handler given to %o", (create, without, text) => {
  const codec = create({ handlers });

  it("writes values of its class as tagged, and reads them", () => {
    expect(codec.encode(value)).toBe(text);
    expect(codec.decode(text)).toEqual(value);
    expect((codec.decode(text) as typeof value).at[0]).toBeInstanceOf(Point);
  });

  it("is not needed by the peer, who sends back what it does not know", () => {
    const unknown = without.decode(text);
    expect(unknown).toEqual({ at: [tagged("my.app/point", [1, 2]), tagged("my.app/point", [3, 4])] });
    expect(without.encode(unknown)).toBe(text);
    expect(() => without.encode(value)).toThrow(expect.objectContaining({ code: "class-instance", path: ["at", 0] }));
  });

  it("may hold values of itself, and be a key", () => {
    const line: Handler = {
      tag: "line",
      is: (candidate) => candidate instanceof URL,
      write: () => [new Point(1, 1), new Map([[new Point(2, 2), 1]])],
      read: (rep) => rep as never,
    };
    const both = create({ handlers: [line, ...handlers] });
    expect(both.decode(both.encode(new URL("http://a")))).toEqual([new Point(1, 1), new Map([[new Point(2, 2), 1]])]);
  });

  it("comes after the built-in types, of which a subclass is one", () => {
    const greedy: Handler = { tag: "all", is: () => true, write: () => 1, read: (rep) => rep as never };
    const codec = create({ handlers: [greedy] });
    const plain = [null, "a", 1, [], {}, new Map([[1, 2]]), new Set([1]), new Date(5), tagged("x", 1)];
    expect(codec.encode(plain)).toBe(without.encode(plain));
    expect(codec.decode(codec.encode(new Points([["a", new Point(1, 1)]])))).toEqual(new Map([["a", 1]]));
  });

  it("that throws while reading makes a DecodeError", () => {
    const bad = text.replace("[1 2]", "5").replace("[1,2]", "5");
    expect(() => codec.decode(bad)).toThrow(DecodeError);
    expect(() => codec.decode(bad)).toThrow(
      expect.objectContaining({ code: "handler-failed", cause: new TypeError("no point") }),
    );
  });

  it("must have a tag of its own", () => {
    for (const tag of ["", "a b", "set", "inst", "m", "ratio", "bigdec", "sente-lite/uri"]) {
      expect(() => create({ handlers: [{ ...handlers[0], tag } as Handler] })).toThrow(UsageError);
    }
    expect(() => create({ handlers: [...handlers, ...handlers] })).toThrow(
      expect.objectContaining({ code: "bad-handler" }),
    );
  });
});

describe("a handler given to json", () => {
  it("writes values of its class without a tag, so that what it wrote arrives", () => {
    const codec = createJson({ handlers });
    expect(codec.encode(value)).toBe('{"at":[[1,2],[3,4]]}');
    expect(codec.decode(codec.encode(value))).toEqual({
      at: [
        [1, 2],
        [3, 4],
      ],
    });
  });
});

describe("the option maxDepth", () => {
  it.each([createEdn, createTransitJson, createJson])("bounds both ways: %o", (create) => {
    const codec = create({ maxDepth: 3 });
    const [three, four] = [[[[1]]], [[[[1]]]]];
    expect(codec.decode(codec.encode(three))).toEqual(three);
    expect(() => codec.encode(four)).toThrow(expect.objectContaining({ code: "too-deep" }));
    const text = create().encode(four);
    expect(() => codec.decode(text)).toThrow(expect.objectContaining({ code: "too-deep" }));
    expect(create().decode(text)).toEqual(four);
  });
});

describe("edn's #_", () => {
  it("calls no handler for what it drops", () => {
    const codec = createEdn({ handlers });
    expect(codec.decode("[1 #_ #my.app/point :no-point 2]")).toEqual([1, 2]);
    expect(() => codec.decode("[1 #_ 0 #my.app/point :no-point 2]")).toThrow("threw");
  });
});
