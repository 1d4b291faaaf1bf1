import type { BinaryCodecName } from "../codecs.ts";

/** Frames of a codec that is no text, in hexadecimal; a text in quotes stands for its bytes. */
export interface BinaryFrames {
  /** `[[:chsk/handshake ["u" nil nil]] nil]`. */
  readonly handshake: string;
  /** `[[:test/echo {:a 1}] "abc123"]` and its reply. */
  readonly echo: readonly [send: string, answer: string];
  /** A request for three pushes, what is pushed, and the reply. */
  readonly burst: readonly [send: string, ...answers: string[]];
  readonly ping: string;
  readonly pong: string;
  readonly garbage: readonly string[];
}

/** What peers of these codecs send, written out, for the suites of clients and servers. */
export const binaryFrames: Readonly<Record<BinaryCodecName, BinaryFrames>> = {
  "transit-msgpack": {
    handshake: "92 92 b0'~:chsk/handshake' 93 a1'u' c0 c0 c0",
    echo: ["92 92 ab'~:test/echo' 81 a3'~:a' 01 a6'abc123'", "92 81 a3'~:a' 01 a6'abc123'"],
    burst: [
      "92 92 ac'~:test/burst' 03 a1'b'",
      "92 93 92 ab'~:test/item' 81 a3'~:i' 00 92 a2'^0' 81 a3'~:i' 01 92 a2'^0' 81 a3'~:i' 02 c0",
      "92 c0 a1'b'",
    ],
    ping: "92 ae'~:chsk/ws-ping' c0",
    pong: "92 91 ae'~:chsk/ws-pong' c0",
    garbage: [
      "",
      "c1",
      "92 91",
      "dd ff ff ff ff 01",
      "df ff ff ff ff 01",
      "c6 ff ff ff ff 01",
      "db ff ff ff ff 61",
      "c9 ff ff ff ff 63 01",
      "92 a2'^9' c0",
      "a2 c3 28",
      "c0 c0",
      "92 92 ab'~:test/echo' 82 a1'a' 01 a1'a' 02 a1'x'",
      "92 92 ab'~:test/echo' 82 cb 7ff8000000000000 01 cb 7ff8000000000001 02 a1'x'",
      "92 92 ab'~:test/echo' c7 04 63 01 02 03 04 a1'x'",
      "92 92 ab'~:test/echo' a5'~mabc' a1'x'",
    ],
  },
  "sente-msgpack": {
    handshake: "92 92 c70e00'chsk/handshake' 93 a1'u' c0 c0 c0",
    echo: ["9292c70900746573742f6563686f81d4006101a6616263313233", "9281d4006101a6616263313233"],
    burst: [
      "92 92 c70a00'test/burst' 03 a1'b'",
      "929392c70900746573742f6974656d81d400690092c70900746573742f6974656d81d408000192c70900746573742f6974656d81d4080002c0",
      "92 c0 a1'b'",
    ],
    ping: "92c70c006368736b2f77732d70696e67c0",
    pong: "9291c70c006368736b2f77732d706f6e67c0",
    garbage: [
      "",
      "c1",
      "92 91",
      "dd ff ff ff ff 01",
      "c9 ff ff ff ff 04",
      "df ff ff ff ff 01",
      "c6 ff ff ff ff 01",
      "db ff ff ff ff 61",
      "a2 c3 28",
      "c0 c0",
      "92 92 c70900'test/echo' 82 a1'a' 01 a1'a' 02 a1'x'",
      "92 92 c70900'test/echo' 82 cb 7ff8000000000000 01 cb 7ff8000000000001 02 a1'x'",
      "92 92 c70900'test/echo' d7 ff ff ff ff ff ff ff ff ff a1'x'",
      "92 91 d4 08 00 c0",
      "d4 2a 00",
      "d6 ff 00 00 00 01",
    ],
  },
  "edn-gzip": {
    handshake: `00 '[[:chsk/handshake ["u" nil nil]] nil]'`,
    echo: [`00 '[[:test/echo {:a 1}] "abc123"]'`, `00 '[{:a 1} "abc123"]'`],
    burst: [
      `00 '[[:test/burst 3] "b"]'`,
      "00 '[[[:test/item {:i 0}] [:test/item {:i 1}] [:test/item {:i 2}]] nil]'",
      `00 '[nil "b"]'`,
    ],
    ping: "00 '[:chsk/ws-ping nil]'",
    pong: "00 '[[:chsk/ws-pong] nil]'",
    garbage: [
      "",
      "'[[:test/echo 1] nil]'",
      "00 '}{'",
      "01",
      "01 1f 8b 08 00",
      "01 1f 8b 08 ff 00 00 00 00 00 00 03",
      "ff",
      "02 '[]'",
      "00 22 ff 22",
    ],
  },
};

/** The bytes of a frame that is written so. */
export function bytesOf(notation: string): Uint8Array {
  const parts = notation.split("'").map((part, i) => (i % 2 === 1 ? new TextEncoder().encode(part) : bytesOfHex(part)));
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function bytesOfHex(text: string): Uint8Array {
  return Uint8Array.from(text.replaceAll(" ", "").match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
}
