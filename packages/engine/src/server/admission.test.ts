import type { ServerOptions } from "@sente-lite/protocol";
import { edn } from "@sente-lite/protocol/edn";
import { json } from "@sente-lite/protocol/json";
import { describe, expect, it } from "vitest";
import { testHost } from "../testing/setting.test-support.ts";
import { createAdmission } from "./admission.ts";

async function judge(query: string, headers: Record<string, string> = {}, options: ServerOptions = {}) {
  const host = testHost();
  const reports: string[] = [];
  const admit = createAdmission(host, [json, edn], options, (error) => reports.push((error as Error).message));
  const verdict = await admit({
    url: new URL(`ws://app.example/chsk?${query}`),
    headers: new Headers({ host: "app.example", ...headers }),
    raw: undefined,
  });
  return { verdict, lines: host.lines, reports };
}

const refused = (status: number, body: string) => ({ type: "refused", status, body });

describe("admission (PROTOCOL.md section 1)", () => {
  it("takes the codec that is named, else the first, and refuses an unknown one by naming what is offered", async () => {
    expect((await judge("client-id=c")).verdict).toMatchObject({
      type: "admitted",
      admitted: { codec: json, uid: "c" },
    });
    expect((await judge("client-id=c&codec=edn")).verdict).toMatchObject({ admitted: { codec: edn } });
    expect((await judge("client-id=c&codec=nippy")).verdict).toEqual(refused(400, "unknown codec; offered: json, edn"));
  });

  it("makes up a client id for a peer that sent none, and refuses one of excessive length", async () => {
    const { verdict } = await judge("");
    expect(verdict).toMatchObject({ admitted: { clientId: expect.stringMatching(/^[0-9a-f-]{36}$/) } });
    expect((await judge(`client-id=${"x".repeat(257)}`)).verdict).toMatchObject({ status: 400 });
  });

  it("lets pages of its own origin and peers without an origin connect, and others only where they are allowed", async () => {
    for (const origin of ["http://app.example", "https://APP.example"]) {
      expect((await judge("client-id=c", { origin })).verdict.type).toBe("admitted");
    }
    const origin = "https://other.example";
    const { verdict, lines } = await judge("client-id=c&sente-lite=1", { origin });
    expect(verdict).toEqual(refused(403, "Unauthorized origin"));
    expect(lines).toEqual([expect.stringContaining('allowedOrigins: ["https://other.example"]')]);
    expect((await judge("client-id=c", { origin }, { allowedOrigins: [origin] })).verdict.type).toBe("admitted");
    expect((await judge("client-id=c", { origin }, { allowedOrigins: "*" })).verdict.type).toBe("admitted");
    for (const odd of ["null", "http://app.example.evil", "http://evil/app.example", "app.example"]) {
      expect((await judge("client-id=c", { origin: odd })).verdict).toEqual(refused(403, "Unauthorized origin"));
    }
  });

  it("takes a CSRF token from the query, either header or the subprotocol, before it looks at the origin", async () => {
    const options = { csrfTokenFn: () => "secret" };
    const good: [string, Record<string, string>][] = [
      ["client-id=c&csrf-token=secret", {}],
      ["client-id=c", { "x-csrf-token": "secret" }],
      ["client-id=c", { "x-xsrf-token": "secret" }],
      ["client-id=c", { "sec-websocket-protocol": "sente-lite, csrf.secret" }],
    ];
    for (const [query, headers] of good) expect((await judge(query, headers, options)).verdict.type).toBe("admitted");
    for (const query of [
      "client-id=c",
      "client-id=c&csrf-token=",
      "client-id=c&csrf-token=secre",
      "client-id=c&csrf-token=secretX",
    ]) {
      expect((await judge(query, { origin: "http://evil" }, options)).verdict).toEqual(refused(403, "Bad CSRF token"));
    }
    expect((await judge("client-id=c", {}, { csrfTokenFn: () => undefined })).verdict).toEqual(
      refused(403, "Bad CSRF token"),
    );
  });

  it("tells our own clients by a close code why they were refused, others by status, unless told otherwise", async () => {
    const no = { authorizedFn: () => null };
    expect((await judge("client-id=c", {}, no)).verdict).toEqual(refused(401, "Unauthorized"));
    expect((await judge("client-id=c&sente-lite=1", {}, no)).verdict).toMatchObject({ type: "closed", code: 4401 });
    expect((await judge("client-id=c&sente-lite=1", {}, { ...no, rejectWith: "http" })).verdict).toMatchObject({
      status: 401,
    });
    expect((await judge("client-id=c", {}, { ...no, rejectWith: "close" })).verdict).toMatchObject({ code: 4401 });
    const busy = { rejectFn: () => ({ status: 429, body: "later", retryInMs: 5_000 }) };
    expect((await judge("client-id=c", {}, busy)).verdict).toEqual(refused(429, "later"));
    expect((await judge("client-id=c&sente-lite=1", {}, busy)).verdict).toMatchObject({
      code: 4429,
      reason: '{"retryInMs":5000,"spreadMs":0}',
    });
    const csrf = { csrfTokenFn: () => "secret" };
    expect((await judge("client-id=c&sente-lite=1", {}, csrf)).verdict).toMatchObject({ type: "closed", code: 4403 });
    expect((await judge("client-id=c&sente-lite=1", { origin: "http://evil" }, csrf)).verdict).toMatchObject({
      status: 403,
    });
  });

  it("asks asynchronous functions, and answers 500 where one throws", async () => {
    const options: ServerOptions = {
      authorizedFn: async () => ({ role: "x" }),
      userIdFn: async () => undefined,
      handshakeDataFn: async ({ clientId }) => ({ clientId }),
    };
    expect((await judge("client-id=c", {}, options)).verdict).toMatchObject({
      admitted: { uid: null, context: { role: "x" }, handshakeData: { clientId: "c" } },
    });
    const { verdict, reports } = await judge(
      "client-id=c",
      {},
      {
        userIdFn: () => {
          throw new Error("database down");
        },
      },
    );
    expect(verdict).toEqual(refused(500, "the handshake failed"));
    expect(reports).toEqual(["database down"]);
  });
});
