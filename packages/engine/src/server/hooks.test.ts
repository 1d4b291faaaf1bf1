import { HandshakeError, type Rejection } from "@sente-lite/protocol";
import { describe, expect, it, vi } from "vitest";
import { checkRejection, checkToken, checkUid, rejectionOf } from "./hooks.ts";

const unreported = (unusable: unknown) => {
  throw unusable;
};
const notText = [424_242, true, Number.NaN, 10n ** 30n, Symbol("x"), () => 1, { token: "x" }, ["x"], new Date(0)];

describe("what the application's functions return (PROTOCOL.md section 1.3)", () => {
  it("is a token that is text, or none", () => {
    for (const none of [undefined, null, ""]) expect(checkToken(none)).toBeUndefined();
    expect(checkToken("t")).toBe("t");
    for (const bad of [...notText, 0, false]) {
      expect(() => checkToken(bad)).toThrow(expect.objectContaining({ code: "bad-csrf-token" }));
    }
  });

  it("is a user id that is text and bounded, or none", () => {
    for (const none of [undefined, null]) expect(checkUid(none)).toBeNull();
    expect(checkUid("ann")).toBe("ann");
    expect(checkUid("x".repeat(1_024))).toHaveLength(1_024);
    for (const bad of [...notText, 0, false, "x".repeat(1_025)]) {
      expect(() => checkUid(bad)).toThrow(expect.objectContaining({ code: "bad-uid" }));
    }
  });

  it("is a rejection whose fields are what they should be, or none", () => {
    for (const none of [undefined, null, false]) {
      expect(checkRejection(none, unreported)).toBeUndefined();
    }
    for (const status of [401, 403, 429, 503]) {
      const rejection = checkRejection({ status }, unreported);
      expect(rejection).toEqual({ status, retryInMs: 0, spreadMs: 0 });
    }
    const full: Rejection = { status: 429, body: "later", retryInMs: 1.5, spreadMs: 3_600_000 };
    expect(checkRejection(full, unreported)).toEqual(full);
    for (const bad of [
      ...[true, 1, "no", [], () => 1, 10n],
      ...[99, 200, 404, "403", "200 OK\r\nX-Evil: 1", null, Number.NaN].map((status) => ({ status })),
      {},
    ]) {
      const isBad = expect.objectContaining({ code: "bad-rejection" });
      expect(() => checkRejection(bad, unreported), String(bad)).toThrow(isBad);
    }
    const isUnknown = { code: "unknown-option", message: expect.stringContaining('did you mean "status"?') };
    expect(() => checkRejection({ statuss: 403 }, unreported)).toThrow(expect.objectContaining(isUnknown));
  });

  it("has headers that are the application's to say, and with any other it is the status alone", () => {
    const headers = { "WWW-Authenticate": 'Bearer realm="app"', "Retry-After": "120", "x-own": "" };
    const read = { "www-authenticate": 'Bearer realm="app"', "retry-after": "120", "x-own": "" };
    expect(checkRejection({ status: 401, headers }, unreported)).toMatchObject({ headers: read });
    expect(rejectionOf(new HandshakeError("no", "no", { headers }), unreported)).toMatchObject({ headers: read });
    for (const bad of [
      ...[null, 1, "x-a: 1", [["x-a", "1"]], new Map([["x-a", "1"]]), new Headers({ "x-a": "1" })],
      ...["1\r\nX-Evil: 1", "1\n2", "\u0000", "\u00e9", "\u2603", 1, undefined, null, ["1"], "x".repeat(4_096)].map(
        (value) => ({
          "x-a": value,
        }),
      ),
      ...["", " x-a", "x a", "x-a:", "x\r\ny", "x\u00e9"].map((name) => ({ [name]: "1" })),
      ...["Connection", "TRANSFER-ENCODING", "content-length", "upgrade", "te", "trailer", "keep-alive"].map(
        (name) => ({
          [name]: "1",
        }),
      ),
      { "Sec-WebSocket-Accept": "x" },
    ]) {
      const report = vi.fn();
      expect(checkRejection({ status: 403, headers: bad }, report)).toEqual({ status: 403 });
      expect(report.mock.calls).toEqual([[expect.objectContaining({ name: "UsageError", code: "bad-rejection" })]]);
    }
  });

  it("refuses with its status alone, and is reported, where another field of it is of no use", () => {
    for (const bad of [
      ...[1, null, {}, ["x"]].map((body) => ({ body })),
      ...["1", -1, Number.NaN, Number.POSITIVE_INFINITY, null, 10n].flatMap((ms) => [
        { retryInMs: ms },
        { spreadMs: ms },
      ]),
      ...[1, "not a code", "x".repeat(65)].map((code) => ({ code })),
      { data: 1 },
    ]) {
      const report = vi.fn();
      expect(checkRejection({ status: 429, ...bad }, report)).toEqual({ status: 429 });
      expect(report.mock.calls).toEqual([[expect.objectContaining({ name: "UsageError", code: "bad-rejection" })]]);
    }
  });

  it("refuses with its status alone where another field of it is misspelt, and the nearest is named", () => {
    for (const [field, right] of [
      ["reason", "message"],
      ["retryinMs", "retryInMs"],
      ["retryMs", "retryInMs"],
      ["spread", "spreadMs"],
    ] as const) {
      const report = vi.fn();
      expect(checkRejection({ status: 403, [field]: 1 }, report)).toEqual({ status: 403 });
      const message = expect.stringContaining(`did you mean "${right}"?`);
      expect(report.mock.calls).toEqual([[expect.objectContaining({ code: "unknown-option", message })]]);
    }
  });
});

describe("what a function of the application throws", () => {
  it.each([401, 403, 429, 503])("refuses with %s", (status) => {
    const thrown = new HandshakeError("no", "not you", { status });
    expect(rejectionOf(thrown, unreported)).toMatchObject({ status, code: "no" });
  });

  it("refuses with its status alone, and is reported, where its code is of no use", () => {
    const report = vi.fn();
    expect(rejectionOf(new HandshakeError("a\r\nb", "not you"), report)).toEqual({ status: 403 });
    expect(report.mock.calls).toEqual([[expect.objectContaining({ name: "UsageError", code: "bad-rejection" })]]);
  });

  it.each([99, 200, 404, Number.NaN])("refuses with no status %s", (status) => {
    const thrown = new HandshakeError("no", "not you", { status });
    expect(() => rejectionOf(thrown, unreported)).toThrow(expect.objectContaining({ name: "UsageError" }));
  });
});
