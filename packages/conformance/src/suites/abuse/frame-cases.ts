import { frameBytes, opcodes } from "../../raw/raw-socket.ts";

// Frames as no library sends them, and what RFC 6455 has a server do: the ground of the sections 1 to 7 and 10 of the Autobahn
// test suite, and what else the RFC forbids. They hold a request to ours, which a bare server
// sends back as it is, so that the same bytes go to both.

/** How a connection is after a case: open, or ended with one of these codes, or without any. */
export type Ending = "open" | readonly number[];

export interface FrameCase {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** They are written so many at a time; default: all at once. */
  readonly pieces?: number;
  /** Messages that are answered; none where nothing is said. Before an end an answer may be lost. */
  readonly texts?: number | "any";
  /** What the pongs hold that have to come, in order. */
  readonly pongs?: readonly string[];
  readonly ending: Ending;
}

const { continuation, text, binary, close, ping, pong } = opcodes;

/** A request to our server for a text that says `echo`. */
const request = (said: string | Uint8Array = "") => {
  const [before, after] = ['[["test/echo","echo', '"],"e"]'];
  return Buffer.concat([Buffer.from(before), Buffer.from(said), Buffer.from(after)]);
};
const part = (opcode: number, payload: string | Uint8Array, fin = false) => frameBytes({ opcode, payload, fin });
const message = (payload: string | Uint8Array = request()) => frameBytes({ opcode: text, payload });
const join = (...frames: readonly Uint8Array[]) => Buffer.concat(frames);
const hex = (digits: string) => Buffer.from(digits.replaceAll(" ", ""), "hex");
const codeOf = (code: number, reason: string | Uint8Array = "") => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(code);
  return Buffer.concat([bytes, Buffer.from(reason)]);
};
/** A frame whose length is said in more bytes than it needs. */
const longer = (payload: Uint8Array, size: 2 | 8) => {
  const length = Buffer.alloc(size);
  if (size === 2) length.writeUInt16BE(payload.length);
  else length.writeBigUInt64BE(BigInt(payload.length));
  return Buffer.concat([Buffer.of(0x81, 0x80 | (size === 2 ? 126 : 127)), length, Buffer.alloc(4), payload]);
};

const inPieces = (one: FrameCase, pieces: number): FrameCase => ({
  ...one,
  name: `${one.name}, written ${pieces === 1 ? "byte by byte" : `in pieces of ${pieces} bytes`}`,
  pieces,
});

const [PROTOCOL, NO_TEXT] = [[1002], [1007, 1002]];

const first = request().subarray(0, 9);
const rest = request().subarray(9);

const ofSize = (size: number) => request("x".repeat(size - request().length));
const texts = [125, 126, 127, 128, 65_535, 65_536, 1_000_000].map(
  (size): FrameCase => ({
    name: `a message of ${size} bytes is answered`,
    bytes: message(ofSize(size)),
    texts: 1,
    ending: "open",
  }),
);
/** Ours answers none in a codec of texts. */
const binaries = [125, 126, 127, 128, 65_535, 65_536].map(
  (size): FrameCase => ({
    name: `a binary message of ${size} bytes harms nothing`,
    bytes: part(binary, ofSize(size), true),
    texts: "any",
    ending: "open",
  }),
);
const lengths: readonly FrameCase[] = [
  { name: "a text of nothing harms nothing", bytes: message(""), ending: "open" },
  { name: "a binary message of nothing harms nothing", bytes: part(binary, "", true), ending: "open" },
  ...texts,
  ...binaries,
  ...texts.slice(0, 3).map((one) => inPieces(one, 1)),
  ...[...texts.slice(4, 6), ...binaries.slice(4)].map((one) => inPieces(one, 997)),
  {
    name: "a message of 65536 bytes in fragments of 1300",
    bytes: join(
      ...Array.from({ length: 51 }, (_, n) =>
        part(n === 0 ? text : continuation, ofSize(65_536).subarray(n * 1_300, (n + 1) * 1_300), n === 50),
      ),
    ),
    texts: 1,
    ending: "open",
  },
];

const pings: readonly FrameCase[] = [
  { name: "a ping of nothing", bytes: part(ping, "", true), pongs: [""], ending: "open" },
  { name: "a ping of 125 bytes", bytes: part(ping, "p".repeat(125), true), pongs: ["p".repeat(125)], ending: "open" },
  {
    name: "a ping of bytes that are no text",
    bytes: part(ping, hex("00fffe80"), true),
    pongs: ["\0\xff\xfe\x80"],
    ending: "open",
  },
  { name: "a ping of 126 bytes", bytes: part(ping, "p".repeat(126), true), ending: PROTOCOL },
  { name: "a pong that nobody asked for", bytes: part(pong, "unasked", true), ending: "open" },
  {
    name: "ten pings",
    bytes: join(...Array.from({ length: 10 }, (_, n) => part(ping, `p${n}`, true))),
    pongs: Array.from({ length: 10 }, (_, n) => `p${n}`),
    ending: "open",
  },
  {
    name: "ten pings, written byte by byte",
    bytes: join(...Array.from({ length: 10 }, (_, n) => part(ping, `p${n}`, true))),
    pieces: 1,
    pongs: Array.from({ length: 10 }, (_, n) => `p${n}`),
    ending: "open",
  },
  inPieces(
    {
      name: "a ping of 125 bytes",
      bytes: part(ping, "p".repeat(125), true),
      pongs: ["p".repeat(125)],
      ending: "open",
    },
    1,
  ),
  { name: "a pong of nothing that nobody asked for", bytes: part(pong, "", true), ending: "open" },
  {
    name: "a pong that nobody asked for, and a ping",
    bytes: join(part(pong, "unasked", true), part(ping, "asked", true)),
    pongs: ["asked"],
    ending: "open",
  },
  { name: "a ping in fragments", bytes: join(part(ping, "a"), part(continuation, "b", true)), ending: PROTOCOL },
  { name: "a pong in fragments", bytes: join(part(pong, "a"), part(continuation, "b", true)), ending: PROTOCOL },
];

const reserved = [1, 2, 3, 4, 5, 6, 7].flatMap((bits): readonly FrameCase[] => [
  {
    name: `reserved bits ${bits} of a text behind another, written byte by byte`,
    bytes: join(message(), frameBytes({ opcode: text, payload: request(), reserved: bits }), part(ping, "", true)),
    pieces: 1,
    texts: "any",
    ending: PROTOCOL,
  },
  {
    name: `reserved bits ${bits} of a close`,
    bytes: frameBytes({ opcode: close, payload: "", reserved: bits }),
    ending: PROTOCOL,
  },
  {
    name: `reserved bits ${bits} of a text`,
    bytes: frameBytes({ opcode: text, payload: request(), reserved: bits }),
    ending: PROTOCOL,
  },
  {
    name: `reserved bits ${bits} of a ping`,
    bytes: frameBytes({ opcode: ping, payload: "p", reserved: bits }),
    ending: PROTOCOL,
  },
]);

const unknown = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode): readonly FrameCase[] => [
  { name: `opcode ${opcode}`, bytes: part(opcode, request(), true), ending: PROTOCOL },
  {
    name: `opcode ${opcode} of nothing, between a text and a ping`,
    bytes: join(message(), part(opcode, "", true), part(ping, "", true)),
    texts: "any",
    ending: PROTOCOL,
  },
]);

const fragments: readonly FrameCase[] = [
  {
    name: "a text in two fragments, written byte by byte",
    bytes: join(part(text, first), part(continuation, rest, true)),
    pieces: 1,
    texts: 1,
    ending: "open",
  },
  {
    name: "a text in five fragments with pings between, written byte by byte",
    bytes: join(
      part(text, first),
      part(continuation, rest.subarray(0, 3)),
      part(ping, "1", true),
      part(continuation, rest.subarray(3, 5)),
      part(continuation, rest.subarray(5, 8)),
      part(ping, "2", true),
      part(continuation, rest.subarray(8), true),
    ),
    pieces: 1,
    texts: 1,
    pongs: ["1", "2"],
    ending: "open",
  },
  {
    name: "a text in fragments, a continuation of nothing that goes on, and another text",
    bytes: join(part(text, first), part(continuation, rest, true), part(continuation, "x"), message()),
    texts: "any",
    ending: PROTOCOL,
  },
  {
    name: "a continuation, and twice a text in fragments",
    bytes: join(
      part(continuation, "x", true),
      part(text, first),
      part(continuation, rest, true),
      part(text, first),
      part(continuation, rest, true),
    ),
    ending: PROTOCOL,
  },
  {
    name: "a text in two fragments",
    bytes: join(part(text, first), part(continuation, rest, true)),
    texts: 1,
    ending: "open",
  },
  {
    name: "a text in fragments of nothing, and one that has it all",
    bytes: join(part(text, ""), part(continuation, ""), part(continuation, request()), part(continuation, "", true)),
    texts: 1,
    ending: "open",
  },
  {
    name: "pings between the fragments of a text",
    bytes: join(
      part(text, first),
      part(ping, "1", true),
      part(continuation, ""),
      part(ping, "2", true),
      part(continuation, rest, true),
    ),
    texts: 1,
    pongs: ["1", "2"],
    ending: "open",
  },
  {
    name: "a text in a fragment for each byte",
    bytes: join(
      ...[...request()].map((byte, at, { length }) =>
        part(at === 0 ? text : continuation, Buffer.of(byte), at === length - 1),
      ),
    ),
    texts: 1,
    ending: "open",
  },
  { name: "a continuation of nothing", bytes: part(continuation, request(), true), ending: PROTOCOL },
  { name: "a continuation of nothing that goes on", bytes: part(continuation, request()), ending: PROTOCOL },
  {
    name: "a continuation behind a whole text",
    bytes: join(message(), part(continuation, "x", true)),
    texts: "any",
    ending: PROTOCOL,
  },
  { name: "a text inside another", bytes: join(part(text, first), message()), ending: PROTOCOL },
  {
    name: "a binary message inside a text",
    bytes: join(part(text, first), part(binary, rest, true)),
    ending: PROTOCOL,
  },
  {
    name: "reserved bits of a continuation",
    bytes: join(part(text, first), frameBytes({ opcode: continuation, payload: rest, reserved: 4 })),
    ending: PROTOCOL,
  },
];

const characters: readonly FrameCase[] = [
  {
    name: "texts of nothing in fragments",
    bytes: join(part(text, ""), part(continuation, ""), part(continuation, "", true)),
    ending: "open",
  },
  ...Object.entries({
    "the first of one byte": "20",
    "the first of two bytes": "c280",
    "the first of three bytes": "e0a080",
    "the first of four bytes": "f0908080",
    "the last of one byte": "7f",
    "the last of two bytes": "dfbf",
    "the last of three bytes": "efbfbf",
    "the last of all": "f48fbfbf",
    "the last before the surrogates": "ed9fbf",
    "the first behind the surrogates": "ee8080",
    "the one for what cannot be read": "efbfbd",
    "one that is no character": "efbfbe",
    "one of the last plane that is no character": "f48fbfbe",
  }).flatMap(([name, digits]): readonly FrameCase[] => {
    const one: FrameCase = {
      name: `of characters ${name}`,
      bytes: message(request(hex(digits))),
      texts: 1,
      ending: "open",
    };
    return [one, inPieces(one, 1)];
  }),
  {
    name: "text of every length of character",
    bytes: message(request("κόσμε é ☃ 😀 \u{10ffff}")),
    texts: 1,
    ending: "open",
  },
  {
    name: "a character in fragments",
    bytes: join(
      part(text, request(hex("f09f")).subarray(0, -7)),
      part(continuation, join(hex("9880"), Buffer.from('"],"e"]')), true),
    ),
    texts: 1,
    ending: "open",
  },
  ...Object.entries({
    "a continuation byte alone": "80",
    "the last continuation byte alone": "bf",
    "seven continuation bytes": "80bf80bf80bf80",
    "the first bytes of two, each before a blank": "c020c120df20",
    "the first bytes of three, each before a blank": "e020ef20",
    "the first bytes of four, each before a blank": "f020f720",
    "the last overlong of two bytes": "c1bf",
    "the last overlong of three bytes": "e09fbf",
    "the last overlong of four bytes": "f08fbfbf",
    "the last surrogate": "edbfbf",
    "a character of six bytes": "fc8480808080",
    "three bytes, of which the last is missing": "e080",
    "a first byte alone": "c3",
    "an overlong slash": "c0af",
    "an overlong zero": "c080",
    "an overlong character of three bytes": "e080af",
    "an overlong character of four bytes": "f08080af",
    "half a surrogate pair": "eda080",
    "both halves of a surrogate pair": "eda080edb080",
    "a character past the last": "f4908080",
    "a character of five bytes": "f888808080",
    "the bytes fe and ff": "feff",
    "a character that is cut": "f09f98",
  }).map(
    ([name, digits]): FrameCase => ({
      name: `${name} is no UTF-8`,
      bytes: message(request(hex(digits))),
      ending: NO_TEXT,
    }),
  ),
  { name: "a text that ends inside a character", bytes: message(hex("f09f98")), ending: NO_TEXT },
  {
    name: "a text of fragments that is no UTF-8 in the second",
    bytes: join(part(text, first), part(continuation, hex("ff"), true)),
    ending: NO_TEXT,
  },
];

const closes: readonly FrameCase[] = [
  { name: "a close without a code", bytes: part(close, "", true), ending: [1000, 1005] },
  { name: "a close of one byte", bytes: part(close, "x", true), ending: PROTOCOL },
  { name: "a close whose reason is no UTF-8", bytes: part(close, codeOf(1000, hex("ff")), true), ending: NO_TEXT },
  { name: "a close of 126 bytes", bytes: part(close, codeOf(1000, "r".repeat(124)), true), ending: PROTOCOL },
  { name: "a close of 125 bytes", bytes: part(close, codeOf(1000, "r".repeat(123)), true), ending: [1000] },
  {
    name: "a close in fragments",
    bytes: join(part(close, codeOf(1000)), part(continuation, "", true)),
    ending: PROTOCOL,
  },
  {
    name: "a second close is not read",
    bytes: join(part(close, codeOf(1000), true), part(close, codeOf(1001), true)),
    ending: [1000],
  },
  {
    name: "what goes on behind a close is not read",
    bytes: join(part(text, first), part(close, codeOf(1000), true), part(continuation, rest, true)),
    ending: [1000],
  },
  {
    name: "a close behind a message is answered after it",
    bytes: join(message(ofSize(4_096)), part(close, codeOf(1000), true)),
    texts: "any",
    ending: [1000],
  },
  {
    name: "a close with a code and a reason is answered",
    bytes: part(close, codeOf(1000, "Hello World!"), true),
    ending: [1000],
  },
  {
    name: "what comes behind a close is not read",
    bytes: join(part(close, codeOf(1000), true), message(), part(ping, "late", true)),
    ending: [1000],
  },
  {
    name: "a close inside a text in fragments",
    bytes: join(part(text, first), part(close, codeOf(1000), true)),
    ending: [1000],
  },
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map(
    (code): FrameCase => ({
      name: `close code ${code} is answered`,
      bytes: part(close, codeOf(code), true),
      ending: [code, 1000],
    }),
  ),
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map(
    (code): FrameCase => ({
      name: `close code ${code} is none`,
      bytes: part(close, codeOf(code), true),
      ending: PROTOCOL,
    }),
  ),
];

const shapes: readonly FrameCase[] = [
  {
    name: "a text that is not masked",
    bytes: frameBytes({ opcode: text, payload: request(), masked: false }),
    ending: PROTOCOL,
  },
  {
    name: "a ping that is not masked",
    bytes: frameBytes({ opcode: ping, payload: "p", masked: false }),
    ending: PROTOCOL,
  },
  // Senders must not, says section 5.2, and nothing of receivers: every runtime takes them.
  { name: "a length of two bytes where one would do", bytes: longer(request(), 2), texts: 1, ending: "open" },
  { name: "a length of eight bytes where one would do", bytes: longer(request(), 8), texts: 1, ending: "open" },
  {
    name: "a length whose first bit is set",
    bytes: join(hex("81ff"), hex("8000000000000001"), Buffer.alloc(5)),
    ending: [1002, 1009],
  },
  {
    name: "a length of 2^62",
    bytes: frameBytes({ opcode: text, payload: "x", claimedLength: 2 ** 62 }),
    ending: [1002, 1009],
  },
  { name: "HTTP in place of frames", bytes: Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), ending: PROTOCOL },
  { name: "a message of one byte too many", bytes: message("x".repeat(1_048_577)), ending: [1009] },
  {
    name: "a message of one byte too many, in fragments",
    bytes: join(part(text, "x".repeat(1_048_576)), part(continuation, "x", true)),
    ending: [1009],
  },
];

/** By the parts of the RFC. */
export const frameCases: Readonly<Record<string, readonly FrameCase[]>> = {
  lengths,
  pings,
  "reserved bits": reserved,
  opcodes: unknown,
  fragments,
  characters,
  closes,
  shapes,
};
