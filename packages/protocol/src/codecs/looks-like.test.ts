import { describe, expect, it } from "vitest";
import { eventFrame } from "../wire/frames.ts";
import { edn } from "./edn/index.ts";
import { everyCodec } from "./every-codec.test-support.ts";
import { gzip } from "./gzip/index.ts";
import { codecCure, looksLike } from "./looks-like.ts";

describe("what a frame looks like", () => {
  it.each([
    ['[[:chsk/handshake ["u" nil nil]] nil]', "edn"],
    ["[:chsk/ws-ping]", "edn"],
    ['[[["~:chsk/ws-ping"]],"8c"]', "transit-json"],
    ['[["^ ","~:a",1],null]', "transit-json"],
    ['["~#list",["~:a/b"]]', "transit-json"],
    [' [ [ "chsk/handshake", ["u", null]], null]', "json"],
    ['{"type":"hello"}', "json"],
    [Uint8Array.of(0x1f, 0x8b, 8, 0), "gzip"],
    [Uint8Array.of(1, 0x1f, 0x8b, 8, 0), "gzip"],
    [Uint8Array.of(0, 0x5b, 0x3a), "gzip"],
    [Uint8Array.of(0x92, 0x92, 0xc7, 14, 0), "sente-msgpack"],
    [Uint8Array.of(0xdc, 0, 16, 0x92, 0xd8, 0), "sente-msgpack"],
    [Uint8Array.of(0x92, 0xc0, 1), undefined],
    ["hello", undefined],
    ["", undefined],
    [new Uint8Array(0), undefined],
    [Uint8Array.of(0x5b, 0x22), undefined],
  ])("%j is %s", (data, look) => {
    expect(looksLike(data)).toBe(look);
  });

  it.each(everyCodec)("is its codec, of our own frames: $name", (codec) => {
    for (const form of ["wrapped", "bare"] as const) {
      expect(looksLike(eventFrame(codec, form, ["a/b", { c: [1] }], null).data)).toBe(codec.name);
    }
  });

  it("is gzip, of our own frames in it", () => {
    for (const data of [[1], "x".repeat(2000)]) {
      expect(looksLike(eventFrame(gzip(edn), "wrapped", ["a/b", data], null).data)).toBe("gzip");
    }
  });

  it("is told by the beginning alone", () => {
    expect(looksLike(`[${" ".repeat(1_000_000)}:a]`)).toBeUndefined();
    expect(looksLike("[".repeat(1_000_000))).toBeUndefined();
  });
});

describe("the cure", () => {
  it("names the option of the side that reports", () => {
    expect(codecCure("edn", "client", "transit-json")).toContain("give the client the option codec: edn");
    expect(codecCure("transit-json", "server", "edn")).toContain("put transitJson first in codecs");
    expect(codecCure("sente-msgpack", "client", "edn")).toContain("give the client the option codec: senteMsgpack");
    expect(codecCure("gzip", "server", "edn")).toContain("put gzip(edn)");
  });

  it("is none where the format is not the fault", () => {
    expect([codecCure(undefined, "client", "edn"), codecCure("edn", "server", "edn")]).toEqual(["", ""]);
    expect(codecCure("gzip", "client", "edn-gzip")).toBe("");
  });
});
