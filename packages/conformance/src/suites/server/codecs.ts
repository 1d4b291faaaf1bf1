import { describe, expect } from "vitest";
import type { CodecName } from "../../targets/target.ts";
import { everyCodec, expectAlive, fresh, greeted, lineOf, type ServerSection, serverFor } from "./section.ts";

/** Data of requests to `test/echo` and of their replies; one text where they are equal. */
const values: Readonly<Record<CodecName, readonly (string | readonly [send: string, answer: string])[]>> = {
  edn: [
    "nil",
    "true",
    "-1",
    "9007199254740991",
    "9007199254740993",
    "123456789012345678901234567890N",
    "3.14",
    "1.0E21",
    "-0.0",
    "##NaN",
    "##Inf",
    "##-Inf",
    "1.50M",
    "22/7",
    ":simple",
    ":some.ns/name",
    "a-symbol",
    "some.ns/sym",
    '""',
    '"a\\"b\\\\c\\nd\\te"',
    "[]",
    "{}",
    "#{}",
    "[1 [2 [3]]]",
    "#{:a 1}",
    "{:a 1, :b {:c nil}}",
    '{"a" 1, "b c" 2}',
    '{1 "one", 2 "two"}',
    '{[1 2] "v"}',
    "{nil 1}",
    '#uuid "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"',
    '#inst "2026-01-02T03:04:05.678-00:00"',
    "#foo/bar [1 2]",
    ["{:a 1,:b 2}", "{:a 1, :b 2}"],
    ["#:a{:x 1 :y 2}", "{:a/x 1, :a/y 2}"],
    ["(1 2)", "[1 2]"],
    ["0x1F", "31"],
    ["+1", "1"],
    ["1N", "1"],
    ["1e3", "1000"],
    ["\\a", '"a"'],
    ["\\newline", '"\\n"'],
    ["#_1 2", "2"],
    ["; c\n 5", "5"],
    ["^{:m 1} [1]", "[1]"],
    ['#inst "2026-01-02"', '#inst "2026-01-02T00:00:00.000-00:00"'],
    ['#uuid "F81D4FAE-7dec-11d0-a765-00a0c91e6bf6"', '#uuid "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"'],
  ],
  json: [
    "null",
    "true",
    "-1",
    "3.14",
    '""',
    '":not/a-keyword"',
    "[]",
    "{}",
    '[1,[2,{"a":null}]]',
    '{"a":1,"user/id":2}',
    '{"with space":1,"ann@b.c":2}',
    ['{ "a" : [ 1 , 2 ] }', '{"a":[1,2]}'],
    ['"\\u00e9\\u2028"', '"é\u2028"'],
    ["1.0", "1"],
    ["1e3", "1000"],
  ],
  "transit-json": [
    "null",
    "true",
    "-1",
    "3.14",
    '""',
    '"~~escaped"',
    '"~^caret"',
    '"~:simple"',
    '"~:some.ns/name"',
    '"~$a-symbol"',
    '"~i9007199254740993"',
    '"~n123456789012345678901234567890"',
    '"~f1.50"',
    '"~zNaN"',
    '"~zINF"',
    '"~z-INF"',
    '"~uf81d4fae-7dec-11d0-a765-00a0c91e6bf6"',
    '"~m1767323045678"',
    '"~rhttps://example.org/a?b=c"',
    '"~bAAF/gP8="',
    "[]",
    '["^ "]',
    '["~#set",[]]',
    '["~#set",["~:a",1]]',
    '["~#ratio",["~n22","~n7"]]',
    '["~#app/point",[1,2]]',
    '["^ ","~:a",1,"~:b",["^ ","~:c",null]]',
    '["^ ","a",1,"b c",2]',
    '["^ ","~i1","one","~i2","two"]',
    '["~#cmap",[[1,2],"v"]]',
    ['["~#list",[1,2]]', "[1,2]"],
    ['"~ca"', '"a"'],
    ['{"~:a":1}', '["^ ","~:a",1]'],
    ['{"~#set":[1]}', '["~#set",[1]]'],
    ['["~#\'",1]', "1"],
    // The frame's first cache code stood for the event's id; in the reply it stands for the first key.
    ['[["^ ","~:text",1],["^ ","^1",2]]', '[["^ ","~:text",1],["^ ","^0",2]]'],
    ['["~:test/echo","^0"]', '["~:test/echo","^0"]'],
  ],
};

const request: Readonly<Record<CodecName, (data: string) => string>> = {
  edn: (data) => `[[:test/echo ${data}] "e1"]`,
  json: (data) => `[["test/echo",${data}],"e1"]`,
  "transit-json": (data) => `[["~:test/echo",${data}],"e1"]`,
};
const reply: Readonly<Record<CodecName, (data: string) => string>> = {
  edn: (data) => `[${data} "e1"]`,
  json: (data) => `[${data},"e1"]`,
  "transit-json": (data) => `[${data},"e1"]`,
};

/** Text that is no value of the codec. */
const garbage: Readonly<Record<CodecName, readonly string[]>> = {
  edn: ["}{ not data", "", "[1 2 3", "[[:test/echo {:a}] nil]"],
  json: ["}{ not data", "", "[1,2", "[[NaN],null]", "[['test/echo'],null]", "[1,]"],
  "transit-json": ["}{ not data", "", "[1,2", '["^9",null]', '["~ixyz"]', '[["~#cmap",[1]],null]'],
};

export function codecTests(section: ServerSection): void {
  const { target, test } = section;

  describe("§5 codecs", () => {
    const server = serverFor(section, everyCodec);

    for (const codec of target.capabilities.codecs) {
      for (const value of values[codec]) {
        const [send, answer] = typeof value === "string" ? [value, value] : value;
        test(`${codec}: ${JSON.stringify(send)} comes back as ${JSON.stringify(answer)}`, async () => {
          const peer = await greeted(server(), `client-id=${fresh("v")}&codec=${codec}`);
          expect(await peer.ask(request[codec](send))).toBe(reply[codec](answer));
        });
      }
    }
  });

  describe("§5 codecs: what does not decode closes with 4400", () => {
    const server = serverFor(section, everyCodec);

    for (const codec of target.capabilities.codecs) {
      for (const text of garbage[codec]) {
        test(`${codec}: ${JSON.stringify(text)} closes with 4400`, async () => {
          const peer = await greeted(server(), `client-id=${fresh("g")}&codec=${codec}`);
          peer.send(text);
          expect((await peer.closed()).code).toBe(4400);
        });
      }

      test(`${codec}: a binary frame on a connection of text closes with 4400`, async () => {
        const peer = await greeted(server(), `client-id=${fresh("g")}&codec=${codec}`);
        peer.sendBinary(new TextEncoder().encode(request[codec]("1")));
        expect((await peer.closed()).code).toBe(4400);
        expect(peer.received).toHaveLength(1);
      });
    }

    test("garbage is reported, and what comes after it on the same connection is not read", async () => {
      const clientId = fresh("g");
      const peer = await greeted(server(), `client-id=${clientId}`);
      peer.send("}{");
      peer.send('[[:test/echo 1] "after"]');
      const codes = section.target.capabilities.resetsUnread ? [4400, 1006] : [4400];
      expect(codes).toContain((await peer.closed()).code);
      expect(peer.received).toHaveLength(1);
      await server().next((line) => typeof line.error === "object" && line.error.code === "bad-frame");
      // Whatever the server still had to print of that connection comes before this.
      const later = await greeted(server(), `client-id=${clientId}-later`);
      await later.ask('[[:test/echo 1] "e1"]');
      await server().next(lineOf("test/echo", `${clientId}-later`));
      expect(
        server()
          .events()
          .filter((line) => line.clientId === clientId && line.event?.[0] === "test/echo"),
      ).toEqual([]);
    });

    test("what was answered before the garbage has arrived", async () => {
      const peer = await greeted(server(), `client-id=${fresh("g")}`);
      peer.send('[[:test/echo 1] "before"]');
      peer.send("}{");
      expect(await peer.text()).toBe('[1 "before"]');
      expect((await peer.closed()).code).toBe(4400);
    });

    test("one hundred nested levels are the limit, and a hundred thousand harm nothing", async () => {
      const nested = (depth: number) => `[[:test/echo ${"[".repeat(depth)}${"]".repeat(depth)}] "d1"]`;
      const peer = await greeted(server(), `client-id=${fresh("d")}`);
      expect(await peer.ask(nested(90))).toBe(`[${"[".repeat(90)}${"]".repeat(90)} "d1"]`);
      for (const depth of [101, 100_000]) {
        const deep = await greeted(server(), `client-id=${fresh("d")}`);
        deep.send(nested(depth));
        expect((await deep.closed()).code).toBe(4400);
      }
      await expectAlive(server());
    });

    for (const codec of ["json", "transit-json"] as const) {
      test(`${codec}: a hundred thousand nested levels close with 4400`, async () => {
        const peer = await greeted(server(), `client-id=${fresh("d")}&codec=${codec}`);
        peer.send(request[codec](`${"[".repeat(100_000)}${"]".repeat(100_000)}`));
        expect((await peer.closed()).code).toBe(4400);
        await expectAlive(server());
      });
    }
  });
}
