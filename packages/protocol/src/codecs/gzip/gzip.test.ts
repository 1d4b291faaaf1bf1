import { constants, gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { DecodeError, UsageError } from "../../errors.ts";
import { createEdn, edn } from "../edn/index.ts";
import { json } from "../json/index.ts";
import { senteMsgpack } from "../sente-msgpack/index.ts";
import { gzip } from "./index.ts";

// Section 5.5 of PROTOCOL.md.

const MEBI = 1 << 20;
const text = (length: number) => "abcdefghij".repeat(length / 10);
const framed = (flag: number, content: Uint8Array) => new Uint8Array([flag, ...content]);

function errorOf(run: () => unknown): DecodeError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    return error as DecodeError;
  }
  throw new Error("nothing was thrown");
}

describe.each([edn, json, senteMsgpack])("gzip around $name", (codec) => {
  const wrapped = gzip(codec);

  it("is binary, and named after it", () => {
    expect(wrapped).toMatchObject({ name: `${codec.name}-gzip`, binary: true, stringIds: codec.stringIds });
  });

  it("puts a 0 before a message under 1,024 bytes", () => {
    const encoded = codec.encode(text(100));
    const payload = typeof encoded === "string" ? new TextEncoder().encode(encoded) : encoded;
    expect(wrapped.encode(text(100))).toEqual(framed(0, payload));
    expect(wrapped.decode(framed(0, payload))).toBe(text(100));
  });

  it("puts a 1 before the gzip stream of a larger one, which any gunzip reads", () => {
    const encoded = codec.encode(text(5000));
    const message = wrapped.encode(text(5000)) as Uint8Array;
    expect(message[0]).toBe(1);
    expect(message.length).toBeLessThan(200);
    expect(gunzipSync(message.subarray(1))).toEqual(Buffer.from(encoded as string));
    expect(wrapped.decode(message)).toBe(text(5000));
  });

  it("reads what other implementations compress, headers with names among them", () => {
    const payload = Buffer.from(codec.encode(text(5000)) as string);
    const plain = gzipSync(payload);
    for (const level of [0, 1, 9]) expect(wrapped.decode(framed(1, gzipSync(payload, { level })))).toBe(text(5000));
    const named = Buffer.concat([
      plain.subarray(0, 3),
      Buffer.from([0x1e]),
      plain.subarray(4, 10),
      Buffer.from([2, 0, 7, 7, 65, 0, 66, 0, 9, 9]),
      plain.subarray(10),
    ]);
    expect(wrapped.decode(framed(1, named))).toBe(text(5000));
  });

  it("refuses a text frame", () => {
    expect(errorOf(() => wrapped.decode("1")).code).toBe("wrong-frame-kind");
  });
});

describe("gzip", () => {
  const wrapped = gzip(edn);

  it("takes 1,024 bytes as the first that are compressed", () => {
    const flagOf = (length: number) => (wrapped.encode("x".repeat(length - 2)) as Uint8Array)[0];
    expect([flagOf(1_023), flagOf(1_024)]).toEqual([0, 1]);
    expect((gzip(edn, { minBytes: 10 }).encode("x".repeat(8)) as Uint8Array)[0]).toBe(1);
  });

  it("passes handlers and depth of the codec on", () => {
    const handlers = [{ tag: "url", is: (value: unknown) => value instanceof URL, write: String, read: String }];
    expect(gzip(createEdn({ handlers } as never)).handlers).toBe(handlers);
  });

  it("sends nothing that the other side would refuse", () => {
    expect(() => wrapped.encode("x".repeat(MEBI))).toThrow(
      expect.objectContaining({ name: "EncodeError", code: "too-large" }),
    );
    expect(wrapped.decode(wrapped.encode("x".repeat(MEBI - 2)))).toHaveLength(MEBI - 2);
  });

  it("takes no name of a codec for one", () => {
    for (const wrong of ["edn", undefined, null, () => edn]) {
      expect(() => gzip(wrong as never)).toThrow(expect.objectContaining({ name: "UsageError", code: "bad-codec" }));
    }
  });

  it("takes no options that cannot be meant", () => {
    const codeOf = (options: object) => {
      try {
        gzip(edn, options);
      } catch (error) {
        return error instanceof UsageError ? error.code : error;
      }
      return undefined;
    };
    expect([{ minBytes: Number.NaN }, { maxInflatedBytes: -1 }].map(codeOf)).toEqual(["bad-limit", "bad-limit"]);
    expect([{ minBytes: "1" }, { minByte: 1 }].map(codeOf)).toEqual(["bad-option", "unknown-option"]);
  });

  const stream = gzipSync(JSON.stringify(text(20_000)), { level: constants.Z_BEST_SPEED });
  it.each<readonly [string, Uint8Array]>([
    ["nothing", new Uint8Array()],
    ["a flag that nobody knows", framed(2, stream)],
    ["a flag alone", framed(1, new Uint8Array())],
    ["a head alone", framed(1, stream.subarray(0, 10))],
    ["no gzip", framed(1, new Uint8Array(100))],
    ["a stream without its end", framed(1, stream.subarray(0, -1))],
    ["half a stream", framed(1, stream.subarray(0, stream.length / 2))],
    [
      "a damaged stream",
      framed(
        1,
        stream.map((byte, at) => (at === 40 ? byte ^ 4 : byte)),
      ),
    ],
    [
      "a wrong check sum",
      framed(
        1,
        stream.map((byte, at) => (at === stream.length - 8 ? byte ^ 1 : byte)),
      ),
    ],
    [
      "a wrong size",
      framed(
        1,
        stream.map((byte, at) => (at === stream.length - 4 ? byte ^ 1 : byte)),
      ),
    ],
    ["two streams", framed(1, Buffer.concat([stream, gzipSync(text(100))]))],
    ["a text that is no UTF-8", framed(0, new Uint8Array([0x22, 0xff, 0x22]))],
  ])("refuses %s", (_, message) => {
    expect(errorOf(() => wrapped.decode(message)).code).toBe("malformed");
  });

  it("throws only DecodeErrors, whichever byte is damaged", () => {
    for (let at = 0; at < stream.length; at++) {
      const damaged = framed(
        1,
        stream.map((byte, index) => (index === at ? byte ^ 0x55 : byte)),
      );
      try {
        wrapped.decode(damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }
  });

  it("refuses a message that would be too large after inflating, by what it says and by what it is", () => {
    const bomb = gzipSync(Buffer.alloc(64 * MEBI, 0x20), { level: 9 });
    expect(errorOf(() => wrapped.decode(framed(1, bomb))).code).toBe("too-large");
    const liar = Buffer.from(bomb);
    liar.writeUInt32LE(1000, liar.length - 4);
    expect(errorOf(() => wrapped.decode(framed(1, liar))).code).toBe("malformed");
    const claims = Buffer.from(stream);
    claims.writeUInt32LE(MEBI, claims.length - 4);
    expect(errorOf(() => wrapped.decode(framed(1, claims))).code).toBe("malformed");
    expect(
      gzip(edn, { maxInflatedBytes: 100 * MEBI }).decode(framed(1, gzipSync(`"${"x".repeat(2 * MEBI)}"`))),
    ).toHaveLength(2 * MEBI);
  });
});
