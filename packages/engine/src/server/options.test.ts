import type { ChannelSocketServer, ServerOptions } from "@sente-lite/protocol";
import { edn } from "@sente-lite/protocol/edn";
import { json } from "@sente-lite/protocol/json";
import { describe, expect, it } from "vitest";
import { startRouter } from "../router.ts";
import { openRawPeer } from "../testing/raw-peer.test-support.ts";
import { setting, testHost } from "../testing/setting.test-support.ts";
import { createServer } from "./server.ts";

const made =
  (options: object, ownOptions = {}) =>
  () =>
    createServer({ host: testHost(), codecs: [json], options: options as ServerOptions, ownOptions });

describe("an option of a server", () => {
  it.each([
    [{ authorizeFn: () => false }, "unknown-option", '"authorizedFn"'],
    [{ userIDFn: () => "u" }, "unknown-option", '"userIdFn"'],
    [{ allowedOrigin: "*" }, "unknown-option", '"allowedOrigins"'],
    [{ packer: json }, "unknown-option", '"codecs"'],
    [{ path: "/chsk" }, "unknown-option", "it takes: "],
    [{ authorizedFn: true }, "bad-option", "authorizedFn is function, not true"],
    [{ csrfTokenFn: "token" }, "bad-option", "csrfTokenFn"],
    [{ rejectWith: "closed" }, "bad-option", '"auto" or "close" or "http"'],
    [{ backpressure: "drop" }, "bad-option", '"drop-oldest"'],
    [{ allowedOrigins: "https://a.example" }, "bad-option", "allowedOrigins"],
    [{ allowedOrigins: [/a/] }, "bad-option", "allowedOrigins"],
    [{ codecs: json }, "bad-option", "codecs is an array"],
    [{ codecs: [] }, "no-codec", "codecs"],
    [{ codecs: ["json"] }, "bad-codec", "createEdn()"],
    [{ contract: { toServer: {} } }, "bad-contract", "defineContract"],
    [{ batchMs: "30" }, "bad-limit", "batchMs"],
    [{ highWaterBytes: 0 }, "bad-limit", "highWaterBytes is a number of at least 1, not 0"],
    [{ compression: true }, "no-compression", "gzip(...)"],
    [{ compression: "yes" }, "bad-option", "compression is boolean or object"],
    [{ perMessageDeflate: true }, "unknown-option", '"compression"'],
    [null, "bad-option", "an object of options, not null"],
  ])("is refused: %j", (options, code, told) => {
    const make = made(options as object);
    expect(make).toThrow(expect.objectContaining({ name: "UsageError", code }));
    expect(make).toThrow(told);
  });

  it("may be one of its runtime", () => {
    expect(made({ path: "/chsk" }, { path: "string" })).not.toThrow();
    expect(made({ path: 7 }, { path: "string" })).toThrow(expect.objectContaining({ code: "bad-option" }));
    expect(made({ paht: "/chsk" }, { path: "string" })).toThrow('did you mean "path"?');
  });
});

describe("compression", () => {
  const compressed = (compression: unknown, canCompress: "from-a-size" | "switched-on") => () =>
    createServer({ host: testHost(), codecs: [json], options: { compression } as ServerOptions, canCompress });

  it("is an option where the runtime has it", () => {
    for (const given of [undefined, false, true, {}, { thresholdBytes: 0 }]) {
      expect(compressed(given, "from-a-size")).not.toThrow();
    }
    expect(made({ compression: false })).not.toThrow();
    expect(compressed({}, "switched-on")).not.toThrow();
  });

  it.each([
    [{ threshold: 5 }, "unknown-option", '"thresholdBytes"'],
    [{ thresholdBytes: "1kb" }, "bad-option", "thresholdBytes"],
    [{ thresholdBytes: -1 }, "bad-limit", "thresholdBytes"],
    [{ thresholdBytes: Number.NaN }, "bad-limit", "thresholdBytes"],
    [null, "bad-option", "compression"],
    [[], "bad-option", "compression takes an object"],
  ])("is refused as %j", (compression, code, told) => {
    const make = compressed(compression, "from-a-size");
    expect(make).toThrow(expect.objectContaining({ name: "UsageError", code }));
    expect(make).toThrow(told);
  });

  it("has no threshold where the runtime decides itself", () => {
    expect(compressed({ thresholdBytes: 100 }, "switched-on")).toThrow(
      expect.objectContaining({ code: "no-compression" }),
    );
  });
});

describe("the options of a call", () => {
  const loose = (server: ChannelSocketServer) =>
    server as unknown as Record<string, (...args: unknown[]) => { connections: number }>;

  it.each([
    ["sendFn", ["u", ["a/b"], { flsh: true }], "unknown-option", '"flush"'],
    ["sendFn", ["u", ["a/b"], { flush: 1 }], "bad-option", "flush"],
    ["sendFn", [{ uid: "u", clientID: "c" }, ["a/b"]], "unknown-option", '"clientId"'],
    ["sendFn", [{ uid: "u" }, ["a/b"]], "bad-option", "clientId"],
    ["sendFn", [undefined, ["a/b"]], "bad-option", "undefined"],
    ["broadcastFn", [["a/b"], { excpt: "u" }], "unknown-option", '"except"'],
    ["broadcastFn", [["a/b"], { except: 7 }], "bad-option", "except"],
    ["disconnectFn", ["u", { status: 4001 }], "unknown-option", "it takes: code, reason"],
    ["disconnectFn", [7], "bad-option", "7"],
  ])("are checked: %s%j", (name, args, code, told) => {
    const { server } = setting();
    const call = () => loose(server)[name]?.(...args);
    expect(call).toThrow(expect.objectContaining({ name: "UsageError", code }));
    expect(call).toThrow(told);
  });

  it("are checked by close and startRouter", async () => {
    const { server } = setting();
    await expect(server.close({ drainms: 5 } as object)).rejects.toMatchObject({ code: "unknown-option" });
    await expect(server.close({ drainMs: Number.NaN })).rejects.toMatchObject({ code: "bad-limit" });
    expect(server.isReady()).toBe(true);
    const router = (handlers: unknown, options: object) => () => startRouter(server, handlers as never, options);
    expect(router({}, { concurency: 2 })).toThrow('"concurrency"');
    expect(router({}, { concurrency: Number.NaN })).toThrow(expect.objectContaining({ code: "bad-option" }));
    expect(router({ "a/b": 42 }, {})).toThrow(expect.objectContaining({ code: "bad-handler" }));
    for (const use of [() => {}, null, "log", { log: () => {} }, [() => {}, "log"], [undefined]]) {
      expect(router({}, { use })).toThrow(expect.objectContaining({ code: "bad-option" }));
    }
    expect(router({}, { use: [() => {}, 7] })).toThrow("use[1] is no function");
    expect(router({}, { uses: [] })).toThrow('"use"');
  });
});

it("a rejection with a field that there is not is reported, and refuses all the same", async () => {
  const rejectFn = () => ({ status: 403, reason: "banned" }) as never;
  const { server, errors } = setting({ rejectFn });
  const messages: string[] = [];
  server.errorChan.on(({ error }) => messages.push(error.message));
  await expect(openRawPeer(server, "client-id=c")).rejects.toThrow("refused: 403");
  expect(errors).toEqual(["unknown-option"]);
  expect(messages).toEqual(['what rejectFn returns has no option "reason"; did you mean "message"?']);
});

it("pingIntervalMs: 0 pings nobody", async () => {
  const { tab, idle, clock, server } = setting({ pingIntervalMs: 0, codecs: [json, edn] });
  const { client } = tab("ann", { pingIntervalMs: 0 });
  await idle();
  const { framesOut } = server.metrics();
  await clock.advance(3_600_000);
  expect([client.state.get().open, server.metrics().framesOut]).toEqual([true, framesOut]);
});
