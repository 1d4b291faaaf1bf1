import { describe, expect, it } from "vitest";
import { DecodeError, UsageError } from "../errors.ts";
import { areIdentical } from "../values/identical.test-support.ts";
import { kw } from "../values/keyword.ts";
import { tagged } from "../values/types.ts";
import type { Codec, CodecOptions, Encoded, Handler } from "./codec.ts";
import { createEdn, edn } from "./edn/index.ts";
import { makers } from "./every-codec.test-support.ts";
import { bytesOf, hexOf } from "./hex.test-support.ts";
import { createJson } from "./json/index.ts";
import { createSenteMsgpack, senteMsgpack } from "./sente-msgpack/index.ts";
import { createTransitJson, transitJson } from "./transit-json/index.ts";
import { createTransitMsgpack, transitMsgpack } from "./transit-msgpack/index.ts";

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

const POINT = hexOf("my.app/point");

/** The value as each codec writes it, and the same with a 5 where the first point should be. */
const written: readonly (readonly [
  create: (options?: CodecOptions) => Codec,
  without: Codec,
  text: Encoded,
  bad: Encoded,
])[] = [
  [createEdn, edn, "{:at [#my.app/point [1 2] #my.app/point [3 4]]}", "{:at [#my.app/point 5 #my.app/point [3 4]]}"],
  [
    createTransitJson,
    transitJson,
    '["^ ","~:at",[["~#my.app/point",[1,2]],["^1",[3,4]]]]',
    '["^ ","~:at",[["~#my.app/point",5],["^1",[3,4]]]]',
  ],
  [
    createTransitMsgpack,
    transitMsgpack,
    bytesOf(`81a4${hexOf("~:at")}9292ae7e23${POINT}92010292a25e31920304`),
    bytesOf(`81a4${hexOf("~:at")}9292ae7e23${POINT}0592a25e31920304`),
  ],
  [
    createSenteMsgpack,
    senteMsgpack,
    bytesOf(`81d500${hexOf("at")}92d840ac${POINT}920102d840ac${POINT}920304`),
    bytesOf(`81d500${hexOf("at")}92c70e40ac${POINT}05d840ac${POINT}920304`),
  ],
];

describe.each(written)("a handler given to %o", (create, without, text, bad) => {
  const codec = create({ handlers });

  it("writes values of its class as tagged, and reads them", () => {
    expect(codec.encode(value)).toEqual(text);
    expect(codec.decode(text)).toEqual(value);
    expect((codec.decode(text) as typeof value).at[0]).toBeInstanceOf(Point);
  });

  it("is not needed by the peer, who sends back what it does not know", () => {
    const unknown = without.decode(text);
    expect(unknown).toEqual({ at: [tagged("my.app/point", [1, 2]), tagged("my.app/point", [3, 4])] });
    expect(without.encode(unknown)).toEqual(text);
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

  it("may make a keyword, which is a key like any other then", () => {
    const key: Handler = {
      tag: "key",
      is: (candidate) => candidate instanceof URL,
      write: () => "a",
      read: (rep) => kw(String(rep)) as never,
    };
    const codec = create({ handlers: [key] });
    const url = new URL("http://a");
    expect(areIdentical(codec.decode(codec.encode(new Map([[url, 1]]))), { a: 1 })).toBe(true);
    const both = new Map<unknown, unknown>([
      [url, 1],
      [2, 3],
    ]);
    const read = new Map<unknown, unknown>([
      [kw("a"), 1],
      [2, 3],
    ]);
    expect(areIdentical(codec.decode(codec.encode(both)), read)).toBe(true);
  });

  it("comes after the built-in types, of which a subclass is one", () => {
    const greedy: Handler = { tag: "all", is: () => true, write: () => 1, read: (rep) => rep as never };
    const codec = create({ handlers: [greedy] });
    const plain = [null, "a", 1, [], {}, new Map([[1, 2]]), new Set([1]), new Date(5), tagged("x", 1)];
    expect(codec.encode(plain)).toEqual(without.encode(plain));
    expect(codec.decode(codec.encode(new Points([["a", new Point(1, 1)]])))).toEqual(new Map([["a", 1]]));
  });

  it("that throws while reading makes a DecodeError", () => {
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
  it.each([...makers, createJson])("bounds both ways: %o", (create) => {
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
