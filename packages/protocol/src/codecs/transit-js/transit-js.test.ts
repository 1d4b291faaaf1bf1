import fc from "fast-check";
import transit from "transit-js";
import { describe, expect, it } from "vitest";
import { DecodeError, EncodeError } from "../../errors.ts";
import { anyValue } from "../../values/arbitrary.test-support.ts";
import { checkEncodable } from "../../values/check.ts";
import { equal } from "../../values/equal.ts";
import { kw } from "../../values/keyword.ts";
import { normalise } from "../../values/normalise.ts";
import { sym, Tagged, tagged, uri, uuid } from "../../values/types.ts";
import { transitJson } from "../transit-json/index.ts";
import { createTransitJs, type TransitWriteHandlers } from "./index.ts";

class Point {
  readonly x: number;
  readonly y: number;

  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
  }
}

const pointWriter = transit.makeWriteHandler({
  tag: () => "point",
  rep: ({ x, y }: Point) => transit.map([transit.keyword("x"), x, transit.keyword("y"), y]),
});
const writers = transit.map([Point, pointWriter]) as TransitWriteHandlers;
interface TransitMap {
  get(key: unknown): number;
}
const pointOf = (rep: TransitMap) => new Point(rep.get(transit.keyword("x")), rep.get(transit.keyword("y")));
const codec = createTransitJs(transit, {
  readerOptions: { handlers: { point: pointOf } },
  writerOptions: { handlers: writers },
});
const plain = createTransitJs(transit);

function codeOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    if (error instanceof EncodeError || error instanceof DecodeError) return error.code;
    throw error;
  }
  return undefined;
}

describe("an application's handlers of transit-js", () => {
  it("write its classes and read them, wherever they stand", () => {
    const value = {
      at: [new Point(1, 2)],
      by: new Map([["p", new Set([new Point(3, 4)])]]),
      in: tagged("app/in", [new Point(5, 6)]),
    };
    const text = codec.encode(value);
    expect(text).toContain('["~#point",["^ ","~:x",1,"~:y",2]]');
    const decoded = codec.decode(text) as typeof value;
    expect(decoded).toEqual(value);
    expect(decoded.at[0]).toBeInstanceOf(Point);
    expect(() => checkEncodable(value, 100, codec.handlers)).not.toThrow();
    expect(codeOf(() => plain.encode(value))).toBe("class-instance");
  });

  it("read types of Transit's own, and what has no handler", () => {
    const read = createTransitJs(transit, {
      readerOptions: {
        handlers: {
          u: (rep: string) => `uuid ${rep}`,
          n: (rep: string) => `n ${rep}`,
          m: (ms: number) => ms,
          set: (members: unknown[]) => members.length,
          ratio: (parts: unknown[]) => parts.length,
          f: (digits: string) => Number(digits),
        },
        defaultHandler: (tag, rep) => [tag, transit.isMap(rep)],
      },
    });
    const id = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
    const value = [
      uuid(id),
      2n ** 80n,
      new Date(5),
      new Set([1, [2]]),
      tagged("ratio", [1, 2]),
      tagged("bigdec", "1.5"),
    ];
    const read1 = read.decode(read.encode([{ a: value }, tagged("other", { b: 1 }), kw("k"), uri("http://a")]));
    expect(read1).toEqual([
      { a: [`uuid ${id}`, `n ${2n ** 80n}`, 5, 2, 2, 1.5] },
      ["other", true],
      kw("k"),
      uri("http://a"),
    ]);
  });

  it("that throw make errors of the codec, with the cause", () => {
    const cause = new TypeError("mine");
    const fail = () => {
      throw cause;
    };
    const failing = createTransitJs(transit, {
      readerOptions: { handlers: { point: fail, u: fail } },
      writerOptions: { handlers: new Map([[Point, { tag: () => "point", rep: fail }]]) },
    });
    expect(() => failing.encode([{ a: new Point(1, 2) }])).toThrow(
      expect.objectContaining({ code: "handler-failed", path: [0, "a"], cause }),
    );
    for (const text of ['["~#point",1]', '["~uf81d4fae-7dec-11d0-a765-00a0c91e6bf6"]']) {
      expect(() => failing.decode(text)).toThrow(expect.objectContaining({ code: "handler-failed", cause }));
    }
    const endless = createTransitJs(transit, {
      writerOptions: { handlers: new Map([[Point, { tag: () => "point", rep: (value: Point) => [value, value] }]]) },
    });
    expect(() => endless.encode([new Point(1, 2)])).toThrow(EncodeError);
  });

  it.each([
    [{ readerOptions: { handlers: { ":": () => 1 } } }, "bad-handler"],
    [{ readerOptions: { handlers: { list: () => 1 } } }, "bad-handler"],
    [{ readerOptions: { handlers: { point: 5 } } }, "bad-handler"],
    [{ readerOptions: { handlers: { "a b": () => 1 } } }, "bad-handler"],
    [{ readerOptions: { mapBuilder: {} } }, "unknown-option"],
    [{ writerOptions: { handlers: new Map([[Date, pointWriter]]) } }, "bad-handler"],
    [{ writerOptions: { handlers: new Map([[Point, {}]]) } }, "bad-handler"],
    [{ writerOptions: { handlers: [Point, pointWriter] } }, "bad-handler"],
    [{ writerOptions: { transform: () => 1 } }, "unknown-option"],
    [{ maxDepth: 0 }, "bad-limit"],
    [{ handlers: [] }, "unknown-option"],
  ])("%o is refused", (options, code) => {
    expect(() => createTransitJs(transit, options as object)).toThrow(expect.objectContaining({ code }));
  });
});

/** What transit-js has of its own, and what it is here. */
const pairs: readonly (readonly [string, unknown, unknown])[] = [
  ["a keyword", transit.keyword("a/b"), kw("a/b")],
  ["a symbol", transit.symbol("a/b"), sym("a/b")],
  ["a UUID", transit.uuid("f81d4fae-7dec-11d0-a765-00a0c91e6bf6"), uuid("f81d4fae-7dec-11d0-a765-00a0c91e6bf6")],
  ["a URI", transit.uri("http://a"), uri("http://a")],
  ["a long", transit.integer("9007199254740993"), 9007199254740993n],
  ["a large integer", transit.bigInt("123456789012345678901"), 123456789012345678901n],
  ["a decimal", transit.bigDec("1.50"), tagged("bigdec", "1.50")],
  ["a map of keywords", transit.map([transit.keyword("a"), 1]), { a: 1 }],
  [
    "a map of anything",
    transit.map([[1], transit.set([1, "a"]), null, 2]),
    new Map<unknown, unknown>([
      [[1], new Set([1, "a"])],
      [null, 2],
    ]),
  ],
  [
    "a large map",
    transit.map(Array.from({ length: 200 }, (_, i) => i)),
    new Map(Array.from({ length: 100 }, (_, i) => [2 * i, 2 * i + 1])),
  ],
  ["a tagged value", transit.tagged("app/t", transit.map([transit.keyword("a"), 1])), new Tagged("app/t", { a: 1 })],
];

describe("values of transit-js", () => {
  it.each(pairs)("%s is sent as ours, and comes back by toTransit", (_, theirs, ours) => {
    for (const [wrap, unwrapped] of [
      [[theirs], [ours]],
      [{ a: theirs }, { a: ours }],
      [new Map([["k", theirs]]), new Map([["k", ours]])],
    ]) {
      expect(codec.encode(wrap)).toBe(transitJson.encode(unwrapped));
      expect(() => checkEncodable(wrap, 100, codec.handlers)).not.toThrow();
    }
    const back = codec.toTransit(codec.decode(codec.encode([theirs]))) as unknown[];
    expect(transit.equals(back[0], theirs)).toBe(true);
  });

  it("lists and quotes are what is in them, and scalars with a tag are of its type", () => {
    expect(
      codec.decode(codec.encode([transit.list([1, kw("a")]), transit.quoted([1]), transit.tagged("m", "5")])),
    ).toEqual([[1, kw("a")], [1], new Date(5)]);
  });

  it("are written as transit-js writes them", () => {
    const value = transit.map([
      transit.keyword("users"),
      [transit.map([transit.keyword("name"), "~Ann"])],
      "a key",
      transit.set([1]),
    ]);
    const theirs = transit.writer("json").write(value);
    expect(equal(transitJson.decode(codec.encode(value)), transitJson.decode(theirs))).toBe(true);
    expect(codec.encode(value)).toBe(theirs);
  });

  it("that nest too deeply, contain themselves or hold what cannot be sent are refused with the place", () => {
    const cyclic: unknown[] = [];
    cyclic.push(transit.map([transit.keyword("a"), cyclic]), cyclic);
    expect(codeOf(() => codec.encode(cyclic))).toMatch(/^(cycle|too-deep)$/);
    expect(() => codec.encode([{ a: transit.set([() => 1]) }])).toThrow(EncodeError);
    expect(codeOf(() => codec.encode(transit.keyword("not a name")))).toBe("bad-keyword");
    expect(
      codeOf(() =>
        codec.encode(
          new Map([
            [transit.keyword("a"), 1],
            [kw("a"), 2],
          ]),
        ),
      ),
    ).toBe("duplicate-key");
    expect(codeOf(() => codec.encode(new Set([transit.keyword("a"), kw("a")])))).toBe("duplicate-member");
    expect(codeOf(() => codec.encode([new (class Other {})()]))).toBe("class-instance");
  });

  it("cannot be made of keys that a peer chose for one hash", () => {
    // 2^9 texts of one hash.
    let texts = [""];
    for (let i = 0; i < 9; i++) texts = texts.flatMap((text) => [`${text}Aa`, `${text}BB`]);
    for (const value of [new Set(texts), new Map(texts.map((text) => [text, 1]))]) {
      expect(codeOf(() => codec.toTransit(codec.decode(codec.encode(value))))).toBe("colliding-keys");
    }
    expect(codeOf(() => codec.decode(`["~#point",["~#set",${JSON.stringify(texts)}]]`))).toBe("handler-failed");
  });
});

describe("what transit-js itself would do with a hostile frame", () => {
  it("does not happen: keys and tags with names of Object.prototype are data", () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    const value = new Map<unknown, unknown>([
      ["__proto__", tagged("constructor", "x")],
      ["toString", tagged("toString", 1)],
    ]);
    const decoded = codec.decode(codec.encode(value));
    expect(equal(decoded, value)).toBe(true);
    expect(transit.isMap(codec.toTransit(decoded))).toBe(true);
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
  });

  it("keeps any value through transit-js's own and back, or says that it cannot", () => {
    let kept = 0;
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(equal(codec.decode(codec.encode(value)), normalise(value))).toBe(true);
        // transit-js takes a date and an empty map for equal.
        let theirs: unknown;
        const code = codeOf(() => {
          theirs = plain.toTransit(plain.decode(plain.encode(value)));
        });
        if (code === undefined) kept++;
        else expect(code).toBe("duplicate-key");
        if (code === undefined && !equal(plain.decode(plain.encode(theirs)), normalise(value))) {
          expect.fail(String(plain.encode(value)));
        }
      }),
      { numRuns: 1000 },
    );
    expect(kept).toBeGreaterThan(900);
  }, 30_000);
});
