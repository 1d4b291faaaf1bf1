import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { everyCodec } from "../codecs/every-codec.test-support.ts";
import { normaliseJson } from "../codecs/json/index.ts";
import { kindOf } from "./brand.ts";
import { bytesOf } from "./bytes.ts";
import { equal } from "./equal.ts";
import { normalise } from "./normalise.ts";
import { snapshot } from "./snapshot.ts";

const buffer = Uint8Array.of(9, 1, 2, 3, 4, 9).buffer;
const shared = new SharedArrayBuffer(4);
new Uint8Array(shared).set([1, 2, 3, 4]);
const bytes = Uint8Array.of(1, 2, 3, 4);

const held: readonly (readonly [string, object])[] = [
  ["an ArrayBuffer", buffer.slice(1, 5)],
  ["a SharedArrayBuffer", shared],
  ["a Uint8Array in the middle of its buffer", new Uint8Array(buffer, 1, 4)],
  ["a Buffer of Node's", Buffer.from([1, 2, 3, 4])],
  ["a Uint8ClampedArray", Uint8ClampedArray.from(bytes)],
  ["an Int8Array", Int8Array.from(bytes)],
  ["a Uint16Array", new Uint16Array(bytes.buffer)],
  ["a Float32Array", new Float32Array(bytes.buffer)],
  ["a DataView in the middle of its buffer", new DataView(buffer, 1, 4)],
  ["an ArrayBuffer of another realm", runInNewContext("Uint8Array.of(1, 2, 3, 4).buffer")],
  ["a typed array of another realm", runInNewContext("Int8Array.of(1, 2, 3, 4)")],
];

describe.each(held)("%s", (_, value) => {
  it("holds bytes, and equals a Uint8Array of them", () => {
    expect(kindOf(value)).toBe("bytes");
    expect(bytesOf(value)).toEqual(bytes);
    expect(equal(value, bytes)).toBe(true);
  });

  it.each(everyCodec)("is sent by $name as its bytes", (codec) => {
    const arriving = codec.name === "json" ? normaliseJson : normalise;
    expect(codec.decode(codec.encode({ at: value }))).toEqual(arriving({ at: bytes }));
    expect(codec.encode({ at: value })).toEqual(codec.encode({ at: bytes }));
  });

  it("is copied by a snapshot", () => {
    const copy = snapshot({ at: value }).value as { readonly at: Uint8Array };
    expect(copy.at).toEqual(bytes);
    expect(copy.at.buffer).not.toBe((value as Uint8Array).buffer ?? value);
  });
});
