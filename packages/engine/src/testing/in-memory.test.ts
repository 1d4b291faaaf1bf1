import type { HandshakeRequest } from "@sente-lite/protocol";
import { json } from "@sente-lite/protocol/json";
import FakeTimers from "@sinonjs/fake-timers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { startRouter } from "../router.ts";
import { createServer } from "../server/server.ts";
import { webHost } from "../web/web-host.ts";
import { connectInMemory } from "./in-memory.ts";

function inMemory(advanceTimers?: (ms: number) => unknown) {
  const { server } = createServer({ host: webHost, codecs: [json], options: {} });
  startRouter(server, {
    "a/double": ({ data }) => Number(data) * 2,
    "a/later": async () => `${await Promise.resolve("later")}`,
    "a/hour": () => new Promise((resolve) => setTimeout(() => resolve("an hour"), 3_600_000)),
  });
  return connectInMemory(advanceTimers === undefined ? { server } : { server, advanceTimers });
}

afterEach(() => vi.useRealTimers());

/**
 * Sinon's timers, but for `nextTick`: Node hands a child process its parent's messages by it, so that this worker would
 * never hear of one that comes meanwhile. With all of them it is tried in all-timers.e2e.test.ts.
 */
const installSinon = () => FakeTimers.install({ toNotFake: ["nextTick"] });

describe("a server in memory, under the fake timers of a test", () => {
  it.each([
    ["all of Vitest's", {}],
    ["setTimeout and Date", { toFake: ["setTimeout", "clearTimeout", "Date"] as const }],
    ["setImmediate", { toFake: ["setImmediate", "clearImmediate"] as const }],
    ["Date", { toFake: ["Date"] as const }],
    ["those that advance by themselves", { shouldAdvanceTime: true }],
  ])("answers: %s", async (_which, { ...config }) => {
    vi.useFakeTimers(config as Parameters<typeof vi.useFakeTimers>[0]);
    const { client, clock, idle } = inMemory();
    const ann = client("ann");
    expect(await ann.requestFn(["a/double", 21])).toBe(42);
    expect(await ann.requestFn(["a/later"])).toBe("later");
    await clock.advance(600_000);
    await idle();
    expect(ann.state.get().open).toBe(true);
    const late = expect(ann.requestFn(["a/hour"], { timeoutMs: 100 })).rejects.toMatchObject({ code: "timeout" });
    await clock.advance(100);
    await late;
  });

  it("answers under those of sinon", async () => {
    const timers = installSinon();
    try {
      const { client, clock } = inMemory();
      const ann = client("ann");
      expect(await ann.requestFn(["a/double", 21])).toBe(42);
      await clock.advance(600_000);
      expect(ann.state.get().open).toBe(true);
    } finally {
      timers.uninstall();
    }
  });

  it("leaves the application's own timers to the test", async () => {
    vi.useFakeTimers();
    const { client } = inMemory();
    const reply = client("ann").requestFn(["a/hour"], { timeoutMs: 7_200_000 });
    await vi.advanceTimersByTimeAsync(0);
    await client("bob").ready();
    await client("bob").requestFn(["a/double", 1]);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(await reply).toBe("an hour");
  });

  it.each(["vitest", "sinon"])("moves them with its own clock where it is told how: %s", async (which) => {
    const sinon = which === "sinon" ? installSinon() : undefined;
    if (sinon === undefined) vi.useFakeTimers();
    try {
      const advance = sinon === undefined ? vi.advanceTimersByTimeAsync : sinon.tickAsync.bind(sinon);
      const { client, clock } = inMemory(advance);
      const begun = clock.now();
      const wall = Date.now();
      const reply = client("ann").requestFn(["a/hour"], { timeoutMs: 7_200_000 });
      await clock.advance(3_600_000);
      expect(await reply).toBe("an hour");
      expect([clock.now() - begun, Date.now() - wall]).toEqual([3_600_000, 3_600_000]);
    } finally {
      sinon?.uninstall();
    }
  });
});

describe("the clock of a server in memory", () => {
  it("has timers for an application that is given its own", async () => {
    const { clock } = inMemory();
    const { setTimeout, clearTimeout, setInterval, clearInterval } = clock;
    const rang: string[] = [];
    const begun = clock.now();
    setTimeout(() => rang.push(`timeout ${clock.now() - begun}`), 250);
    const never = setTimeout(() => rang.push("never"), 300);
    const interval = setInterval(() => rang.push(`interval ${clock.now() - begun}`), 100);
    await clock.advance(290);
    clearTimeout(never);
    clearInterval(interval);
    clearTimeout(undefined);
    await clock.advance(10_000);
    expect(rang).toEqual(["interval 100", "interval 200", "timeout 250"]);
  });

  it("ends an interval from within", async () => {
    const { clock } = inMemory();
    let rang = 0;
    const interval = clock.setInterval(() => {
      rang++;
      clock.clearInterval(interval);
    }, 100);
    await clock.advance(1_000);
    expect(rang).toBe(1);
  });
});

describe("the request of a client in memory", () => {
  async function seen(options: object): Promise<HandshakeRequest> {
    const requests: HandshakeRequest[] = [];
    const userIdFn = (request: HandshakeRequest) => {
      requests.push(request);
      return request.headers.get("cookie");
    };
    const { server } = createServer({ host: webHost, codecs: [json], options: { userIdFn } });
    const { client } = connectInMemory({ server });
    const { uid } = await client("ann", options).ready();
    const [request] = requests;
    if (request === undefined) throw new Error("nobody asked");
    expect(uid).toBe(request.headers.get("cookie"));
    return request;
  }

  it("has the headers that it was given", async () => {
    const { headers, raw } = await seen({ headers: { Cookie: "t=1", "x-own": "yes" } });
    expect([headers.get("cookie"), headers.get("X-Own")]).toEqual(["t=1", "yes"]);
    expect((raw as Request).headers.get("x-own")).toBe("yes");
    expect((await seen({ headers: async () => new Map([["cookie", "t=2"]]) })).headers.get("cookie")).toBe("t=2");
  });

  it("has what it was given for raw, and an address", async () => {
    const raw = { session: { user: "ann" } };
    const request = await seen({ raw, remoteAddress: "192.0.2.7" });
    expect([request.raw, request.remoteAddress]).toEqual([raw, "192.0.2.7"]);
  });
});

it("refuses options that it does not know, and what is no server", () => {
  expect(() => connectInMemory({ sever: 1 } as never)).toThrow('"server"');
  expect(() => connectInMemory({ server: {} as never })).toThrow(expect.objectContaining({ code: "not-a-server" }));
});
