import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { decodeBase64, encodeBase64 } from "./base64.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** The module as it is loaded where the runtime has those. */
async function loadedWhere(has: "toBase64" | "Buffer" | "neither") {
  const { Buffer } = globalThis;
  const own =
    has === "toBase64"
      ? class extends Uint8Array {
          static fromBase64(text: string): Uint8Array {
            // Of white space and missing padding the language's own makes nothing either, as of these.
            if (/[^A-Za-z0-9+/=\s]/.test(text)) throw new SyntaxError("no base64");
            return Uint8Array.from(Buffer.from(text, "base64"));
          }
          toBase64(): string {
            return Buffer.from(this).toString("base64");
          }
        }
      : Uint8Array;
  vi.stubGlobal("Uint8Array", own);
  if (has !== "Buffer") vi.stubGlobal("Buffer", undefined);
  vi.resetModules();
  const loaded = await import("./base64.ts");
  vi.unstubAllGlobals();
  return loaded;
}

describe.each(["toBase64", "Buffer", "neither"] as const)("base64 where the runtime has %s", (has) => {
  it("is what RFC 4648 section 10 has", async () => {
    const { toBase64, fromBase64 } = await loadedWhere(has);
    for (const [text, base64] of Object.entries({ "": "", f: "Zg==", fo: "Zm8=", foo: "Zm9v", foobar: "Zm9vYmFy" })) {
      const bytes = new TextEncoder().encode(text);
      expect(toBase64(bytes)).toBe(base64);
      expect(fromBase64(base64)).toEqual(bytes);
    }
  });

  it("is the same there as in plain JavaScript, for any bytes and any text", async () => {
    const { toBase64, fromBase64 } = await loadedWhere(has);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const part = new Uint8Array([7, ...bytes, 7]).subarray(1, -1);
        expect(toBase64(part)).toBe(encodeBase64(bytes));
        expect(fromBase64(toBase64(part))).toEqual(bytes);
      }),
    );
    const unit = fc.constantFrom(..."AZaz09+/=-_ \n\u0100\u0141");
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 12 }), (text) => {
        expect(fromBase64(text)).toEqual(decodeBase64(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(["Zg", "Zg=", "Zm9v\n", "Z m9v", "Zm-_", "Zg==Zg==", "====", "Zm9é", "A==="])("takes no %j", async (text) => {
    const { fromBase64 } = await loadedWhere(has);
    expect(fromBase64(text)).toEqual(decodeBase64(text));
    expect(fromBase64(text)).toBeUndefined();
  });

  it("gives bytes that have a buffer of their own", async () => {
    const { fromBase64 } = await loadedWhere(has);
    expect(fromBase64("Zm9v")?.buffer.byteLength).toBe(3);
  });
});
