import { createServer } from "node:http";
import { json } from "@sente-lite/protocol/json";
import { describe, it } from "vitest";
import { expectOnly, type Name } from "../../protocol/src/every-option.test-support.ts";
import { makeChannelSocketClient, makeChannelSocketServer } from "./core.ts";

const server = () => makeChannelSocketServer({ codecs: [json] });
/** Closed again, where it did open. */
const listening = async (options: unknown) => {
  const opened = server();
  await opened.listen(options as never);
  await opened.close();
};

const cases: readonly (readonly [string, (value: unknown) => unknown, readonly Name[]])[] = [
  ["attach(server)", (value) => server().attach(value as never), []],
  ["attach(_, options)", (value) => server().attach(createServer(), value as never), ["{}"]],
  ["attach(_, { path })", (value) => server().attach(createServer(), { path: value as never }), []],
  ["listen(options)", listening, ["{}"]],
  ["listen({ port })", (port) => listening({ port, hostname: "127.0.0.1" }), ["a number"]],
  ["listen({ path })", (path) => listening({ path, hostname: "127.0.0.1" }), []],
  [
    "makeChannelSocketClient(_, { headers })",
    (headers) =>
      makeChannelSocketClient("ws://127.0.0.1:1/chsk", { connect: false, codec: json, headers: headers as never }),
    ["null", "{}", "[]", "a function"],
  ],
  [
    "makeChannelSocketClient(_, { compression })",
    (compression) =>
      makeChannelSocketClient("ws://127.0.0.1:1/chsk", {
        connect: false,
        codec: json,
        compression: compression as never,
      }),
    ["true", "{}"],
  ],
];

describe("given what cannot be meant, throws a UsageError at once, or rejects with it:", () => {
  it.each(cases)("%s", (_name, call, right) => expectOnly(right, call));
});
