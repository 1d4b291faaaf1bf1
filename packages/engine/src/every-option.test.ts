import {
  type ChannelSocketClient,
  type ChannelSocketServer,
  clientDefaults,
  serverDefaults,
} from "@sente-lite/protocol";
import { createEdn } from "@sente-lite/protocol/edn";
import { gzip } from "@sente-lite/protocol/gzip";
import { createJson, json } from "@sente-lite/protocol/json";
import { createTransitJson } from "@sente-lite/protocol/transit-json";
import { createTransitMsgpack } from "@sente-lite/protocol/transit-msgpack";
import { describe, expect, it } from "vitest";
import { expectOnly, type Name } from "../../protocol/src/every-option.test-support.ts";
import { createClient } from "./client/client.ts";
import { listenOptionsOf } from "./listening.ts";
import { startRouter } from "./router.ts";
import { createServer } from "./server/server.ts";
import { createInMemoryConnector } from "./testing/in-memory.ts";
import { setting, testHost } from "./testing/setting.test-support.ts";

const numbers: readonly Name[] = ["1.5", "a number"];
const functions: readonly Name[] = ["a function"];
/** What names nothing, and so asks for nothing. */
const empty: readonly Name[] = ["{}"];

const openSocket = () => ({ send: () => {}, close: () => {}, terminate: () => {}, bufferedAmount: 0 });
const client = (options: unknown) =>
  createClient(
    { host: testHost(), openSocket, codecs: [json], takesHeaders: true, canCompress: "from-a-size" },
    "ws://h/chsk",
    options as object,
  ).close();
const server = (options: unknown) =>
  createServer({
    host: testHost(),
    codecs: [json],
    options: options as object,
    ownOptions: { path: "string" },
    canCompress: "from-a-size",
  });
const connectInMemory = createInMemoryConnector(() => undefined);
const inMemory = () => connectInMemory({ server: setting().server });
const limit = (make: (options: object) => unknown, name: string, right: readonly Name[] = numbers) =>
  [`${name}`, (value: unknown) => make({ [name]: value }), right] as const;

/** By name: what takes one value, and those of the values that it may be. */
const takers: Readonly<Record<string, readonly (readonly [string, (value: unknown) => unknown, readonly Name[]])[]>> = {
  makeChannelSocketClient: [
    ["(url)", (value) => createClient({ host: testHost(), openSocket, codecs: [json] }, value as string), []],
    ["(_, options)", client, empty],
    ...Object.keys(clientDefaults).map((name) => limit(client, name)),
    limit(client, "clientId", ["text"]),
    limit(client, "codec", []),
    limit(client, "contract", []),
    limit(client, "csrfToken", ["null", "text", "", "a function"]),
    limit(client, "csrfVia", []),
    limit(client, "params", ["null", "{}", "[]", "a function", "a Map"]),
    limit(client, "protocols", ["[]", "a function"]),
    limit(client, "headers", ["null", "{}", "[]", "a function"]),
    limit(client, "onSessionLost", []),
    limit(client, "connect", ["true"]),
    limit(client, "type", []),
    limit(client, "serialization", []),
    limit(client, "compression", ["true", ...empty]),
  ],
  makeChannelSocketServer: [
    ["(options)", server, empty],
    ...Object.keys(serverDefaults).map((name) => limit(server, name)),
    ...["userIdFn", "authorizedFn", "rejectFn", "handshakeDataFn", "csrfTokenFn"].map((name) =>
      limit(server, name, functions),
    ),
    limit(server, "contract", []),
    limit(server, "rejectWith", []),
    limit(server, "backpressure", []),
    limit(server, "codecs", []),
    limit(server, "serialization", []),
    limit(server, "rooms", empty),
    limit(server, "allowedOrigins", ["[]"]),
    limit(server, "allowedHosts", ["[]"]),
    limit(server, "trustProxy", ["a number", "[]"]),
    limit(server, "overRate", []),
    limit(server, "compression", ["true", ...empty]),
    limit(server, "path", ["text", ""]),
  ],
  gzip: [
    ["(codec)", (value) => gzip(value as never), []],
    ["(_, options)", (value) => gzip(json, value as never), empty],
    limit((options) => gzip(json, options), "minBytes"),
    limit((options) => gzip(json, options), "maxInflatedBytes"),
  ],
  ...Object.fromEntries(
    Object.entries({ createEdn, createJson, createTransitJson, createTransitMsgpack }).map(([name, create]) => [
      name,
      [
        ["(options)", (value: unknown) => create(value as never), empty],
        limit(create, "handlers", ["[]"]),
        limit(create, "maxDepth"),
      ],
    ]),
  ),
  connectInMemory: [
    ["(options)", (value) => connectInMemory(value as never), []],
    limit(connectInMemory as never, "server", []),
    limit((options) => connectInMemory({ server: setting().server, ...options }), "codec", []),
    limit((options) => connectInMemory({ server: setting().server, ...options }), "advanceTimers", functions),
    [
      "client(uid)",
      (value) =>
        inMemory()
          .client(value as never)
          .close(),
      ["text", ""],
    ],
    [
      "client(_, options)",
      (value) =>
        inMemory()
          .client("u", value as never)
          .close(),
      empty,
    ],
    limit((options) => inMemory().client("u", options).close(), "headers", ["null", "{}", "[]", "a function"]),
    limit((options) => inMemory().client("u", options).close(), "remoteAddress", ["text", ""]),
    ["clock.advance(ms)", (value) => inMemory().clock.advance(value as never), numbers],
  ],
  listen: [
    ["(options)", (value) => listenOptionsOf(value as never, true), empty],
    limit((options) => listenOptionsOf(options, true), "port", ["a number"]),
    limit((options) => listenOptionsOf(options, true), "hostname", ["text"]),
  ],
};

/** What of one object is called, each time on a new one. */
const calls: Readonly<Record<string, readonly (readonly [string, Call, readonly Name[]])[]>> = {
  "a server": [
    ["startRouter(server, handlers)", ({ server }, value) => startRouter(server, value as never), ["{}", "a function"]],
    ["startRouter(_, _, options)", ({ server }, value) => startRouter(server, {}, value as never), empty],
    ["startRouter(server)", (_, value) => startRouter(value as never, {}), []],
    ["concurrency", ({ server }, value) => startRouter(server, {}, { concurrency: value as never }), ["a number"]],
    ["use", ({ server }, value) => startRouter(server, {}, { use: value as never }), ["[]"]],
    ["onUnhandled", ({ server }, value) => startRouter(server, {}, { onUnhandled: value as never }), functions],
    ["chRecv.on(id)", ({ server }, value) => server.chRecv.on(value as never, () => {}), []],
    ["chRecv.on(_, fn)", ({ server }, value) => server.chRecv.on("a/b" as never, value as never), functions],
    ["chRecv.once(_, fn)", ({ server }, value) => server.chRecv.once("a/b" as never, value as never), functions],
    ["errorChan.on(fn)", ({ server }, value) => server.errorChan.on(value as never), functions],
    ["connectedUids.subscribe(fn)", ({ server }, value) => server.connectedUids.subscribe(value as never), functions],
    ["sendFn(to)", ({ server }, value) => server.sendFn(value as never, ["a/b"]), ["null", "text", "", "[]", "[null]"]],
    ["sendFn([to])", ({ server }, value) => server.sendFn(["ann", value] as never, ["a/b"]), ["null", "text", ""]],
    ["sendFn(_, event)", ({ server }, value) => server.sendFn("u", value as never), []],
    ["sendFn(_, _, options)", ({ server }, value) => server.sendFn("u", ["a/b"], value as never), empty],
    ["flush", ({ server }, value) => server.sendFn("u", ["a/b"], { flush: value as never }), ["true"]],
    ["volatile", ({ server }, value) => server.sendFn("u", ["a/b"], { volatile: value as never }), ["true"]],
    ["key", ({ server }, value) => server.sendFn("u", ["a/b"], { key: value as never }), ["text", ""]],
    [
      "except",
      ({ server }, value) => server.broadcastFn(["a/b"], { except: value as never }),
      ["null", "text", "", "[]", "[null]"],
    ],
    [
      "disconnectFn(to)",
      ({ server }, value) => server.disconnectFn(value as never),
      ["null", "text", "", "[]", "[null]"],
    ],
    ["code", ({ server }, value) => server.disconnectFn("u", { code: value as never }), []],
    ["reason", ({ server }, value) => server.disconnectFn("u", { reason: value as never }), ["text", ""]],
    ["joinFn(to)", ({ server }, value) => server.joinFn(value as never, "r"), ["null", "text", "", "[]", "[null]"]],
    [
      "joinFn(to, _, { lasting })",
      ({ server }, value) => server.joinFn(value as never, "r", { lasting: true }),
      ["null", "text", "", "[]", "[null]"],
    ],
    ["joinFn(_, room)", ({ server }, value) => server.joinFn("u", value as never), ["text"]],
    ["leaveFn(to)", ({ server }, value) => server.leaveFn(value as never, "r"), ["null", "text", "", "[]", "[null]"]],
    ["close(options)", ({ server }, value) => server.close(value as never), empty],
    ["drainMs", ({ server }, value) => server.close({ drainMs: value as never }), numbers],
  ],
  "a client": [
    ["startRouter(client, handlers)", ({ client }, value) => startRouter(client, value as never), ["{}", "a function"]],
    ["chRecv.on(id)", ({ client }, value) => client.chRecv.on(value as never, () => {}), []],
    ["chRecv.on(_, fn)", ({ client }, value) => client.chRecv.on("a/b" as never, value as never), functions],
    ["errorChan.on(fn)", ({ client }, value) => client.errorChan.on(value as never), functions],
    ["state.subscribe(fn)", ({ client }, value) => client.state.subscribe(value as never), functions],
    ["trace(fn)", ({ client }, value) => client.trace(value as never), functions],
    ["trace(_, options)", ({ client }, value) => client.trace(() => {}, value as never), empty],
    ["sendFn(event)", ({ client }, value) => client.sendFn(value as never), []],
    ["sendFn(_, timeoutMs)", ({ client }, value) => client.sendFn(["a/b"], value as never), [...numbers, "{}"]],
    ["volatile", ({ client }, value) => client.sendFn(["a/b"], { volatile: value as never }), ["true"]],
    [
      "volatile in a room",
      ({ client }, value) => client.room("r").sendFn(["a/b"], { volatile: value as never }),
      ["true"],
    ],
    ["sendFn(_, _, cb)", ({ client }, value) => client.sendFn(["a/b"], 5, value as never), functions],
    ["requestFn(event)", ({ client }, value) => client.requestFn(value as never), []],
    ["requestFn(_, options)", ({ client }, value) => client.requestFn(["a/b"], value as never), empty],
    ["timeoutMs", ({ client }, value) => client.requestFn(["a/b"], { timeoutMs: value as never }), numbers],
    ["signal", ({ client }, value) => client.requestFn(["a/b"], { signal: value as never }), []],
    ["ready(options)", ({ client }, value) => client.ready(value as never), empty],
    ["ready({ signal })", ({ client }, value) => client.ready({ signal: value as never }), []],
    ["room(name)", ({ client }, value) => client.room(value as never), ["text"]],
    ["room(_, options)", ({ client }, value) => client.room("r", value as never), empty],
    ["since", ({ client }, value) => client.room("r", { since: value as never }), ["null"]],
    ["room.chRecv.on(_, fn)", ({ client }, value) => client.room("r").chRecv.on("a/b", value as never), functions],
    ["room.state.subscribe(fn)", ({ client }, value) => client.room("r").state.subscribe(value as never), functions],
  ],
};

type Call = (
  made: { readonly server: ChannelSocketServer; readonly client: ChannelSocketClient },
  value: unknown,
) => unknown;

describe.each(Object.entries(takers))("%s, given what cannot be meant, throws a UsageError at once:", (_of, cases) => {
  it.each(cases)("%s", (_name, call, right) => expectOnly(right, call));
});

describe.each(Object.entries(calls))(
  "%s that is called with what cannot be meant throws a UsageError at once:",
  (_of, cases) => {
    it.each(cases)("%s", (_name, call, right) =>
      expectOnly(right, (value) => {
        const { server, tab } = setting({ rooms: { "*": {} } });
        const { client } = tab("u");
        return call({ server, client }, value);
      }),
    );
  },
);

describe("a handler that would never be called", () => {
  const routed = (handlers: object) => () => startRouter(setting().server, handlers as never);
  const routedAtClient = (handlers: object) => () => startRouter(setting().tab("u").client, handlers as never);
  const fn = () => {};

  it.each([
    ["message", 'a namespaced name as "chat/message"'],
    ["", 'not ""'],
    ["a/", 'not "a/"'],
    ["chsk/uidport-opn", 'did you mean "chsk/uidport-open"?'],
    ["chsk/connected", 'did you mean "chsk/client-open"?'],
    [
      "chsk/state",
      "there are chsk/uidport-open, chsk/uidport-close, chsk/client-open, chsk/client-close, chsk/login-expired,",
    ],
  ])("is refused, at a server: %j", (id, told) => {
    expect(routed({ [id]: fn })).toThrow(expect.objectContaining({ name: "UsageError", code: "bad-event-id" }));
    expect(routed({ [id]: fn })).toThrow(told);
  });

  it.each([
    ["chsk/conected", 'did you mean "chsk/state"?'],
    ["chsk/handshak", 'did you mean "chsk/handshake"?'],
    ["chsk/recv", 'did you mean "*"?'],
    ["chsk/uidport-open", "there are chsk/state, chsk/handshake, chsk/login-expired, chsk/ws-ping, chsk/bad-event"],
  ])("is refused, at a client: %j", (id, told) => {
    expect(routedAtClient({ [id]: fn })).toThrow(expect.objectContaining({ code: "bad-event-id" }));
    expect(routedAtClient({ [id]: fn })).toThrow(told);
    expect(() =>
      setting()
        .tab("u")
        .client.chRecv.on(id as never, fn),
    ).toThrow(told);
  });

  it("is none of these", () => {
    expect(routed({ "*": fn, "a.b/c?": fn, "chsk/uidport-open": fn, "chsk/ws-ping": fn })).not.toThrow();
    expect(routedAtClient({ "chsk/state": fn, "chsk/handshake": fn, "chsk/bad-event": fn })).not.toThrow();
    const { server } = setting();
    expect(() => startRouter(server.chRecv, { "chsk/state": fn, "chsk/uidport-open": fn } as never)).not.toThrow();
  });
});

describe("values of the upgrade request that cannot be meant are refused when a client is made:", () => {
  it.each([
    [{ headers: { "x y": "1" } }, '"x y" is no name of a header'],
    [{ headers: { cookie: "a\r\nb: c" } }, "the value of cookie"],
    [{ headers: { cookie: "дом" } }, "the value of cookie"],
    [{ headers: { cookie: 5 } }, "not 5"],
    [{ headers: [["cookie"]] }, "goes through pairs"],
    [{ params: { a: {} } }, 'params: "a" is a string, not an object'],
    [{ params: { a: undefined } }, "not undefined"],
    [{ params: ["ab"] }, "goes through pairs"],
    [{ protocols: ["a b"] }, '"a b" is no name of a subprotocol'],
    [{ protocols: new Set(["a"]) }, "protocols is an array"],
  ])("%j", (options, told) => {
    expect(() => client({ ...options, connect: false })).toThrow(expect.objectContaining({ code: "bad-option" }));
    expect(() => client({ ...options, connect: false })).toThrow(told);
  });

  it("those of functions at the attempt, on the error channel", async () => {
    const { tab, idle } = setting();
    const errors: string[] = [];
    const { client } = tab("u", { params: () => ({ a: Symbol("s") }) as never });
    client.errorChan.on(({ error }) => errors.push(error.message));
    await idle();
    client.close();
    expect(errors[0]).toContain('params: "a" is a string, not Symbol(s)');
  });

  it("and what is right is taken", () => {
    const params = { page: 1, live: true, "": "" } as never;
    const headers = new Headers({ cookie: "a=b; c=ü" });
    expect(() => client({ params, headers, protocols: ["v1.app"] })).not.toThrow();
    expect(() => client({ params: new URLSearchParams("a=b") })).not.toThrow();
  });
});

describe("an entry of allowedOrigins", () => {
  it.each([
    ["https://app.example/", 'a browser sends "https://app.example"'],
    ["https://app.example/chat", 'a browser sends "https://app.example"'],
    ["app.example", 'a browser sends "https://app.example"'],
    ["HTTPS://App.Example", 'a browser sends "https://app.example"'],
    ["https://app.example:443", 'a browser sends "https://app.example"'],
    ["https://münchen.example", 'a browser sends "https://xn--mnchen-3ya.example"'],
    ["https://*.example", "name each origin"],
    ["*", 'allowedOrigins: "*" for all'],
    ["", "one such as"],
  ])("that no page sends is refused: %j", (origin, told) => {
    expect(() => server({ allowedOrigins: [origin] })).toThrow(expect.objectContaining({ code: "bad-option" }));
    expect(() => server({ allowedOrigins: [origin] })).toThrow(told);
  });

  it("may be that of any page", () => {
    const allowedOrigins = [
      "https://app.example",
      "http://localhost:5173",
      "http://[::1]:8080",
      "null",
      "file://",
      "capacitor://localhost",
      "chrome-extension://abcdefghijklmnop",
    ];
    expect(() => server({ allowedOrigins })).not.toThrow();
  });
});

it("sendFn of a client takes options or a callback", () => {
  const { client } = setting().tab("u");
  expect(() => client.sendFn(["a/b"], { flush: true } as never)).toThrow(
    'sendFn has no option "flush"; it takes: volatile',
  );
  expect(() => client.sendFn(["a/b"], { volatile: true }, () => {})).toThrow(
    expect.objectContaining({ code: "bad-limit" }),
  );
});

it("null is refused alike as codec and as serialization", () => {
  for (const option of ["codec", "serialization"]) {
    expect(() => client({ [option]: null })).toThrow(expect.objectContaining({ code: "bad-option" }));
  }
});

it("several users may be named by what can be read only once", async () => {
  const { server, tab, idle } = setting();
  const [ann, bob] = [tab("ann"), tab("bob")];
  await idle();
  function* both() {
    yield* ["ann", "bob"];
  }
  expect(server.sendFn(both(), ["a/b"])).toEqual({ connections: 2 });
  await idle();
  expect([ann.got, bob.got]).toEqual([[["a/b"]], [["a/b"]]]);
});
