import { type ServerOptions, serverDefaults } from "@sente-lite/protocol";
import { edn } from "@sente-lite/protocol/edn";
import { json } from "@sente-lite/protocol/json";
import { describe, expect, it } from "vitest";
import { testHost } from "../testing/setting.test-support.ts";
import { Admission, type AdmissionOptions } from "./admission.ts";
import { Logins } from "./login.ts";
import { createOriginCheck } from "./origin.ts";

async function judge<Context>(
  query: string,
  headers: Record<string, string> = {},
  options: ServerOptions<Context> = {},
  more: Partial<AdmissionOptions<Context>> = {},
) {
  const host = testHost();
  const reports: string[] = [];
  const report = (error: unknown) => void reports.push((error as Error).message);
  const { hookTimeoutMs } = serverDefaults;
  const logins = new Logins({ host, options, hookTimeoutMs });
  const admission = new Admission({ host, codecs: [json, edn], logins, options, report, ...more });
  const verdict = await admission.judge({
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
    const { verdict, reports } = await judge("client-id=c&codec=nippy");
    expect(verdict).toEqual(refused(400, "unknown codec; offered: json, edn"));
    expect(reports).toEqual(["a client asked for a codec that is not among those of this server: json, edn"]);
  });

  it("tells a client that knows such reasons by a close which codecs there are", async () => {
    const query = "client-id=c&codec=nippy&sente-lite=1&features=";
    const knowing = `${query}close-refusals.refusal-reasons`;
    const reason = '{"code":"unknown-codec","data":{"codecs":["json","edn"]}}';
    const closed = { type: "closed", protocol: undefined, code: 4406, reason };
    expect((await judge(knowing)).verdict).toEqual(closed);
    expect((await judge(knowing, {}, { rejectWith: "close" })).verdict).toEqual(closed);
    const byStatus = refused(400, "unknown codec; offered: json, edn");
    expect((await judge(knowing, {}, { rejectWith: "http" })).verdict).toEqual(byStatus);
    expect((await judge(knowing, { origin: "http://evil.example" })).verdict).toEqual(byStatus);
    for (const features of ["refusal-reasons", "close-refusals", ""]) {
      expect((await judge(query + features)).verdict).toEqual(byStatus);
    }
  });

  it("tells such a client of a server that ends when to come again, and not that it lacks the codec", async () => {
    const shutdown = { rejection: { status: 503, retryInMs: 100 } } as const;
    const query = "client-id=c&codec=nippy&sente-lite=1&features=close-refusals.refusal-reasons";
    const { verdict } = await judge(query, {}, {}, { shutdown });
    expect(verdict).toMatchObject({ type: "closed", code: 4503, reason: '{"retryInMs":100,"spreadMs":0}' });
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

  it.each([
    // A proxy writes the default port, cuts the dot of an absolute name, or leaves the port out.
    ["https://app.example", "app.example:443", "admitted"],
    ["http://app.example", "app.example:80", "admitted"],
    ["http://app.example", "APP.example", "admitted"],
    ["http://app.example", "app.example:", "admitted"],
    ["https://app.example.", "app.example", "admitted"],
    ["https://app.example", "app.example.:443", "admitted"],
    ["https://[2001:db8::1]", "[2001:DB8::1]:443", "admitted"],
    ["http://[::1]:8080", "[::1]:8080", "admitted"],
    ["HTTPS://app.example", "app.example:443", "admitted"],
    ["https://app.example:8443", "app.example:8443", "admitted"],
    ["app-shell://app.example", "app.example", "admitted"],
    ["http://app.example", "app.example:443", "refused"],
    ["https://app.example", "app.example:80", "refused"],
    ["https://app.example:8443", "app.example:443", "refused"],
    ["https://app.example", "app.example:8443", "refused"],
    ["https://[2001:db8::1]", "[2001:db8::2]:443", "refused"],
    ["https://evil.example", "app.example:443", "refused"],
    ["https://evil@app.example", "app.example", "refused"],
    ["https://app.example/", "app.example", "refused"],
    ["https://app.example, https://app.example", "app.example", "refused"],
    ["https://", "", "refused"],
    ["app.example", "app.example", "refused"],
  ])("judges a page of %s at the host %s: %s", async (origin, host, type) => {
    expect((await judge("client-id=c", { origin, host })).verdict.type).toBe(type);
  });

  it("refuses a page where there is no host, and names each origin once, in one line", async () => {
    const host = testHost();
    const isAllowed = createOriginCheck(undefined, host.log);
    expect(isAllowed(new Headers({ origin: "http://app.example" }))).toBe(false);
    for (let i = 0; i < 3; i++) {
      const long = `http://${"x".repeat(10_000)}.example`;
      isAllowed({ get: (name) => (name === "origin" ? long : `evil\u001b[2J${"y".repeat(10_000)}`) });
    }
    expect(host.lines).toHaveLength(2);
    expect(host.lines[1]).not.toContain("\u001b");
    expect(host.lines[1]?.length).toBeLessThan(600);
    for (let i = 0; i < 200; i++) isAllowed(new Headers({ origin: `http://evil${i}.example`, host: "app.example" }));
    expect(host.lines).toHaveLength(100);
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
    expect((await judge("client-id=c", {}, busy)).verdict).toEqual({
      ...refused(429, "later"),
      headers: { "retry-after": "5" },
    });
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

  it("asks who it is after whether it may connect, and gives what that returned", async () => {
    const asked: unknown[] = [];
    const options: ServerOptions<{ readonly user: string }> = {
      userIdFn: ({ clientId }, context) => {
        asked.push(["userIdFn", clientId, context]);
        return context.user;
      },
      authorizedFn: async ({ clientId }) => {
        asked.push(["authorizedFn", clientId]);
        return clientId === "c" && { user: "ann" };
      },
    };
    expect((await judge("client-id=c", {}, options)).verdict).toMatchObject({ admitted: { uid: "ann" } });
    expect((await judge("client-id=d", {}, options)).verdict).toEqual(refused(401, "Unauthorized"));
    expect(asked).toEqual([
      ["authorizedFn", "c"],
      ["userIdFn", "c", { user: "ann" }],
      ["authorizedFn", "d"],
    ]);
    const without = { userIdFn: (...given: readonly unknown[]) => String(given[1]) };
    expect((await judge("client-id=c", {}, without)).verdict).toMatchObject({ admitted: { uid: "undefined" } });
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

  it("takes for one user who has an id of the application, and all others at an address for one", async () => {
    const ownerOf = async (options: ServerOptions) => (await judge("client-id=c", {}, options)).verdict;
    const user = { admitted: { owner: { key: "user ann", isUser: true } } };
    const stranger = { admitted: { owner: { key: "address ", isUser: false } } };
    expect(await ownerOf({ userIdFn: () => "ann" })).toMatchObject(user);
    expect(await ownerOf({ userIdFn: () => null })).toMatchObject(stranger);
    // The client chose it.
    expect(await ownerOf({})).toMatchObject(stranger);
  });

  it("answers 500 where a function's result is of no use, and tells why", async () => {
    const bad: readonly (readonly [unknown, string])[] = [
      [{ csrfTokenFn: () => true }, "csrfTokenFn gives a string, null or nothing, not a value of type boolean"],
      [{ userIdFn: () => 10n }, "userIdFn gives a string, null or nothing, not a value of type bigint"],
      [{ rejectFn: () => ({ status: 99 }) }, "rejectFn gives a status of 401, 403, 429, 503, not 99"],
      [{ handshakeDataFn: () => () => 1 }, "a function is no data"],
    ];
    for (const [options, message] of bad) {
      for (const query of ["client-id=c", "client-id=c&sente-lite=1", "client-id=c&csrf-token=true", ""]) {
        const { verdict, reports } = await judge(query, {}, options as ServerOptions);
        expect(verdict, message).toEqual(refused(500, "the handshake failed"));
        expect(reports).toEqual([expect.stringContaining(message)]);
      }
    }
  });

  it("refuses by its status where the rest of a refusal is of no use, and tells why", async () => {
    const options = { rejectFn: () => ({ status: 403, reason: "x" }) } as ServerOptions;
    const told = [expect.stringContaining('what rejectFn returns has no option "reason"; did you mean "message"?')];
    expect(await judge("client-id=c", {}, options)).toMatchObject({ verdict: refused(403, ""), reports: told });
    const own = await judge("client-id=c&sente-lite=1", {}, options);
    expect(own).toMatchObject({ verdict: { type: "closed", code: 4403, reason: "" }, reports: told });
  });

  it("refuses handshake data that no frame can carry, and tells it once a minute", async () => {
    const host = testHost();
    let now = 1_000_000;
    const reports: unknown[][] = [];
    const admission = new Admission({
      host: { ...host, now: () => now },
      codecs: [json],
      logins: new Logins({ host, options: {}, hookTimeoutMs: 1_000 }),
      options: { maxPayloadBytes: 400, handshakeDataFn: ({ clientId }) => "x".repeat(Number(clientId)) },
      report: (error, context) => void reports.push([(error as { code: string }).code, context?.source]),
    });
    const statusFor = async (length: number) => {
      const verdict = await admission.judge({
        url: new URL(`ws://app.example/chsk?sente-lite=1&client-id=${length}`),
        headers: new Headers(),
        raw: undefined,
      });
      return verdict.type === "refused" ? verdict.status : verdict.type;
    };
    expect(await statusFor(100)).toBe("admitted");
    for (let i = 0; i < 5; i++) expect(await statusFor(400)).toBe(500);
    expect(reports).toEqual([["too-large", "handshakeDataFn"]]);
    now += 60_000;
    expect(await statusFor(400)).toBe(500);
    expect(reports).toHaveLength(2);
  });

  it("compares the origin's scheme where that of the address is known, and its host as a trusted proxy has it", async () => {
    const check = createOriginCheck(undefined, testHost().log);
    const isAllowed = (origin: string, asked = {}) => check(new Headers({ origin, host: "app.example" }), asked);
    expect(isAllowed("http://app.example")).toBe(true);
    expect(isAllowed("https://app.example")).toBe(true);
    expect(isAllowed("http://app.example", { isSecure: true })).toBe(false);
    expect(isAllowed("https://app.example", { isSecure: true })).toBe(true);
    expect(isAllowed("https://app.example", { isSecure: false })).toBe(false);
    expect(isAllowed("https://other.example", { host: "other.example" })).toBe(true);
    expect(isAllowed("https://app.example", { host: "other.example" })).toBe(false);
  });

  it("refuses a host that is not allowed, before anything else is judged", async () => {
    const judgeHost = async (host: string, allowedHosts: readonly string[]) =>
      (await judge("client-id=c", { host }, { allowedHosts })).verdict.type;
    for (const host of ["app.example", "APP.example:80", "app.example."]) {
      expect(await judgeHost(host, ["app.example"])).toBe("admitted");
    }
    for (const host of ["evil.example", "app.example.evil", "xapp.example", "", "app.example@evil", "127.0.0.1"]) {
      expect(await judgeHost(host, ["app.example"])).toBe("refused");
    }
    expect(await judgeHost("app.example:8443", ["app.example:8443"])).toBe("admitted");
    expect(await judgeHost("app.example:9000", ["app.example:8443"])).toBe("refused");
    expect(await judgeHost("[::1]:3000", ["[::1]"])).toBe("admitted");
    const { verdict } = await judge(
      "client-id=c",
      { host: "evil.example" },
      { allowedHosts: [], csrfTokenFn: () => "t" },
    );
    expect(verdict).toEqual(refused(403, "Unauthorized host"));
  });
});
