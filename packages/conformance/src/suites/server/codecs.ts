import { describe, expect } from "vitest";
import { type TextCodecName, textCodecNames } from "../../codecs.ts";
import {
  everyCodec,
  expectAlive,
  fresh,
  greetPeer,
  lineOf,
  type ServerSection,
  serverFor,
  sharedServer,
} from "./section.ts";

/** Data of requests to `test/echo` and of their replies; one text where they are equal. */
const values: Readonly<Record<TextCodecName, readonly (string | readonly [send: string, answer: string])[]>> = {
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

const request: Readonly<Record<TextCodecName, (data: string) => string>> = {
  edn: (data) => `[[:test/echo ${data}] "e1"]`,
  json: (data) => `[["test/echo",${data}],"e1"]`,
  "transit-json": (data) => `[["~:test/echo",${data}],"e1"]`,
};
const reply: Readonly<Record<TextCodecName, (data: string) => string>> = {
  edn: (data) => `[${data} "e1"]`,
  json: (data) => `[${data},"e1"]`,
  "transit-json": (data) => `[${data},"e1"]`,
};

/** Text that is no value of the codec. */
const garbage: Readonly<Record<TextCodecName, readonly string[]>> = {
  edn: ["}{ not data", "", "[1 2 3", "[[:test/echo {:a}] nil]"],
  json: ["}{ not data", "", "[1,2", "[[NaN],null]", "[['test/echo'],null]", "[1,]"],
  "transit-json": ["}{ not data", "", "[1,2", '["^9",null]', '["~ixyz"]', '[["~#cmap",[1]],null]'],
};

export function codecTests(section: ServerSection): void {
  const { test } = section;

  describe("§5 codecs", () => {
    const server = sharedServer(section);

    for (const codec of textCodecNames) {
      for (const value of values[codec]) {
        const [send, answer] = typeof value === "string" ? [value, value] : value;
        test(`${codec}: ${JSON.stringify(send)} comes back as ${JSON.stringify(answer)}`, async () => {
          const peer = await greetPeer(server(), `client-id=${fresh("v")}&codec=${codec}`);
          expect(await peer.ask(request[codec](send))).toBe(reply[codec](answer));
        });
      }
    }
  });

  describe("§5 codecs: what does not decode", () => {
    const server = serverFor(section, everyCodec);
    const own = "sente-lite=1&attempt=1";

    for (const codec of textCodecNames) {
      for (const text of garbage[codec]) {
        test(`${codec}: ${JSON.stringify(text)} closes the connection of a client of ours with 4400`, async () => {
          const peer = await greetPeer(server(), `client-id=${fresh("g")}&codec=${codec}&${own}`);
          peer.send(text);
          expect((await peer.waitForClose()).code).toBe(4400);
        });

        test(`${codec}: ${JSON.stringify(text)} of any other peer is left out, and the connection stays`, async () => {
          const peer = await greetPeer(server(), `client-id=${fresh("g")}&codec=${codec}`);
          peer.send(text);
          expect(await peer.ask(request[codec]("1"))).toBe(reply[codec]("1"));
        });
      }

      test(`${codec}: a binary frame on a connection of text closes with 4400, or is left out`, async () => {
        const bytes = new TextEncoder().encode(request[codec]("1"));
        const peer = await greetPeer(server(), `client-id=${fresh("g")}&codec=${codec}&${own}`);
        peer.sendBinary(bytes);
        expect((await peer.waitForClose()).code).toBe(4400);
        expect(peer.received).toHaveLength(1);
        const other = await greetPeer(server(), `client-id=${fresh("g")}&codec=${codec}`);
        other.sendBinary(bytes);
        expect(await other.ask(request[codec]("2"))).toBe(reply[codec]("2"));
      });
    }

    test("garbage is reported, and what comes after it on the same connection of ours is not read", async () => {
      const clientId = fresh("g");
      const peer = await greetPeer(server(), `client-id=${clientId}&${own}`);
      peer.send("}{");
      peer.send('[[:test/echo 1] "after"]');
      const codes = section.target.capabilities.resetsUnread ? [4400, 1006] : [4400];
      expect(codes).toContain((await peer.waitForClose()).code);
      expect(peer.received).toHaveLength(1);
      await server().next((line) => typeof line.error === "object" && line.error.code === "bad-frame");
      // Whatever the server still had to print of that connection comes before this.
      const later = await greetPeer(server(), `client-id=${clientId}-later`);
      await later.ask('[[:test/echo 1] "e1"]');
      await server().next(lineOf("test/echo", `${clientId}-later`));
      expect(
        server()
          .events()
          .filter((line) => line.clientId === clientId && line.event?.[0] === "test/echo"),
      ).toEqual([]);
    });

    test("garbage of a peer that is not ours is reported once, however often it comes", async () => {
      const query = `client-id=${fresh("g")}&uid=${fresh("u")}`;
      const findReports = () =>
        server()
          .events()
          .flatMap(({ error }) => (typeof error === "object" ? [error.code] : []));
      const before = findReports().length;
      for (let i = 0; i < 3; i++) {
        const peer = await greetPeer(server(), query);
        for (let n = 0; n < 5; n++) peer.send("}{");
        expect(await peer.ask('[[:test/echo 1] "after"]')).toBe('[1 "after"]');
      }
      await server().next((line) => typeof line.error === "object" && line.error.code === "bad-frame");
      expect(findReports().slice(before)).toEqual(["bad-frame"]);
    });

    test("what was answered before the garbage has arrived", async () => {
      const peer = await greetPeer(server(), `client-id=${fresh("g")}`);
      peer.send('[[:test/echo 1] "before"]');
      peer.send("}{");
      peer.send('[[:test/echo 1] "after"]');
      expect(await peer.texts(2)).toEqual(['[1 "before"]', '[1 "after"]']);
    });

    test("one hundred nested levels are the limit, and a hundred thousand harm nothing", async () => {
      const nest = (depth: number) => `[[:test/echo ${"[".repeat(depth)}${"]".repeat(depth)}] "d1"]`;
      const peer = await greetPeer(server(), `client-id=${fresh("d")}`);
      expect(await peer.ask(nest(90))).toBe(`[${"[".repeat(90)}${"]".repeat(90)} "d1"]`);
      for (const depth of [101, 100_000]) {
        const deep = await greetPeer(server(), `client-id=${fresh("d")}&${own}`);
        deep.send(nest(depth));
        expect((await deep.waitForClose()).code).toBe(4400);
      }
      await expectAlive(server());
    });

    for (const codec of ["json", "transit-json"] as const) {
      test(`${codec}: a hundred thousand nested levels close with 4400`, async () => {
        const peer = await greetPeer(server(), `client-id=${fresh("d")}&codec=${codec}&${own}`);
        peer.send(request[codec](`${"[".repeat(100_000)}${"]".repeat(100_000)}`));
        expect((await peer.waitForClose()).code).toBe(4400);
        await expectAlive(server());
      });
    }
  });
}
