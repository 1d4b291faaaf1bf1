import { UsageError } from "@sente-lite/protocol";
import { json } from "@sente-lite/protocol/json";
import { VirtualClock } from "@sente-lite/protocol/testing";
import { describe, expect, it } from "vitest";
import type { Host } from "../host.ts";
import { testHost } from "../testing/setting.test-support.ts";
import { createClient } from "./client.ts";
import { attemptUrl } from "./socket-opener.ts";

/** A host in virtual time, and the addresses to which clients of it connect; nobody answers. */
function nobody() {
  const clock = new VirtualClock();
  const host: Host = {
    ...testHost(),
    now: () => clock.now,
    monotonic: () => clock.now,
    setTimer: (ms, fn) => clock.after(ms, fn),
    clearTimer: (timer) => (timer as (() => void) | undefined)?.(),
  };
  const addresses: string[] = [];
  const sent: unknown[] = [];
  let message: (data: string) => void = () => {};
  const openSocket = (url: string, _protocols: unknown, handlers: { message(data: string): void }) => {
    addresses.push(url);
    message = handlers.message;
    return { send: (data: unknown) => void sent.push(data), close: () => {}, terminate: () => {}, bufferedAmount: 0 };
  };
  return { clock, host, openSocket, addresses, sent, receive: (text: string) => message(text) };
}

describe("the codec of a client", () => {
  const named = { ...json, name: "named" };
  const made = (options: object) => () => {
    const { host, openSocket, addresses } = nobody();
    createClient({ host, openSocket, codecs: [json, named] }, "ws://h/chsk", options);
    return new URL(addresses[0] ?? "").searchParams.get("codec");
  };

  it("is the first of those that are known, or the one that serialization names", () => {
    expect(made({})()).toBe("json");
    expect(made({ serialization: "named" })()).toBe("named");
    expect(made({ codec: { ...json, name: "own" } })()).toBe("own");
    expect(made({ codec: { ...json, name: "own" }, serialization: "own" })()).toBe("own");
  });

  it("cannot be named where it is not known, nor beside another", () => {
    const unknown = expect.objectContaining({ name: "UsageError", code: "unknown-codec" });
    expect(made({ serialization: "other" })).toThrow(unknown);
    expect(made({ serialization: "named", codec: json })).toThrow(unknown);
  });
});

describe("before it first connects, a client", () => {
  it("needs nothing of its surroundings", () => {
    const touched = (what: string) => () => {
      throw new Error(`touched ${what}`);
    };
    const host: Host = {
      now: touched("the wall clock"),
      monotonic: touched("the clock"),
      setTimer: touched("timers"),
      clearTimer: () => {},
      randomBytes: touched("randomness"),
      log: { warn: touched("the log"), error: touched("the log") },
    };
    const core = { host, openSocket: touched("sockets"), codecs: [json], resolveUrl: touched("the address") };
    const client = createClient(core, "/chsk", { connect: false });
    expect(client.state.get().status).toBe("idle");
    expect(client.chsk.connect).toThrow("touched randomness");
  });

  it("does not take its id of an empty surrounding later on", () => {
    const { host, openSocket, addresses, clock } = nobody();
    const client = createClient({ host, openSocket, codecs: [json] }, "ws://h/chsk", { connectTimeoutMs: 1_000 });
    clock.advance(60_000);
    client.close();
    expect(addresses.length).toBeGreaterThan(1);
    expect(new Set(addresses.map((address) => new URL(address).searchParams.get("client-id"))).size).toBe(1);
  });

  it("resolves its address once", () => {
    const { host, openSocket, addresses, clock } = nobody();
    let base = "ws://one/a/";
    const resolveUrl = (url: string) => new URL(url, base).href;
    const client = createClient({ host, openSocket, codecs: [json], resolveUrl }, "chsk", { connectTimeoutMs: 1_000 });
    base = "ws://two/b/";
    clock.advance(60_000);
    client.chsk.reconnect();
    client.close();
    expect(new Set(addresses.map((address) => address.split("?")[0]))).toEqual(new Set(["ws://one/a/chsk"]));
  });

  it("is told of a runtime without randomness, its id given or not", () => {
    const { host, openSocket } = nobody();
    const poor: Host = {
      ...host,
      randomBytes: () => {
        throw new UsageError("no-crypto", "none");
      },
    };
    const make = (clientId?: string) =>
      createClient(
        { host: poor, openSocket, codecs: [json] },
        "ws://h/chsk",
        clientId === undefined ? {} : { clientId },
      );
    expect(() => make()).toThrow(expect.objectContaining({ code: "no-crypto" }));
    expect(() => make("c")).toThrow(expect.objectContaining({ code: "no-crypto" }));
  });
});

describe("0", () => {
  it("switches pings and their timeout off", () => {
    const quiet = nobody();
    const options = { pingIntervalMs: 0 };
    const client = createClient(
      { host: quiet.host, openSocket: quiet.openSocket, codecs: [json] },
      "ws://h/c",
      options,
    );
    quiet.receive('[["chsk/handshake",["u",null,null]],null]');
    quiet.clock.advance(3_600_000);
    expect([client.state.get().open, quiet.sent, quiet.clock.pending]).toEqual([true, [], 0]);

    const patient = nobody();
    const core = { host: patient.host, openSocket: patient.openSocket, codecs: [json] };
    const other = createClient(core, "ws://h/c", { pingTimeoutMs: 0 });
    patient.receive('[["chsk/handshake",["u",null,null]],null]');
    patient.clock.advance(3_600_000);
    expect([other.state.get().open, patient.sent]).toEqual([true, ['[["chsk/ws-ping"],"p1"]']]);
  });

  it("switches the timeouts of attempts and requests off", async () => {
    const { host, openSocket, clock, receive, addresses } = nobody();
    const client = createClient({ host, openSocket, codecs: [json] }, "ws://h/c", {
      connectTimeoutMs: 0,
      requestTimeoutMs: 0,
    });
    const replies = [client.requestFn(["a/b"]), client.requestFn(["a/b"], { timeoutMs: 0 })];
    clock.advance(86_400_000);
    expect([addresses.length, client.state.get().status]).toEqual([1, "opening"]);
    receive('[["chsk/handshake",["u",null,null]],null]');
    receive('[1,"r1"]');
    receive('[2,"r2"]');
    expect(await Promise.all(replies)).toEqual([1, 2]);
  });
});

describe("the address of an attempt", () => {
  const parts = { clientId: "c", attempt: 1, instance: "i", codec: json, csrfToken: undefined, params: undefined };
  const features = "features=sessions.error-details.close-refusals.rooms.requests.refusal-reasons.volatile.refresh";
  const own = `client-id=c&sente-lite=1&${features}&attempt=1&client-instance=i&codec=json`;

  it.each([
    ["ws://h/chsk", `ws://h/chsk?${own}`],
    ["ws://h/chsk?", `ws://h/chsk?${own}`],
    ["ws://h/chsk#part", `ws://h/chsk?${own}`],
    ["ws://h/chsk?a=b&&c", `ws://h/chsk?a=b&c&${own}`],
    ["ws://h/chsk?codec=edn&x=%zz&%63odec=edn", `ws://h/chsk?x=%zz&${own}`],
    ["ws://h/chsk?a=what?&attempt", `ws://h/chsk?a=what?&${own}`],
  ])("of %s is %s", (given, address) => {
    expect(attemptUrl(given, parts)).toBe(address);
  });
});
