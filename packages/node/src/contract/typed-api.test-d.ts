import {
  type ChannelSocketClient,
  type ChannelSocketServer,
  type ClientHandlers,
  type ClientState,
  type Contract,
  defineContract,
  type EventSpec,
  event,
  type Interceptor,
  makeChannelSocketClient,
  makeChannelSocketServer,
  type NodeServer,
  type Pushed,
  ReplyError,
  type SenteEvent,
  type ServerHandlers,
  type ServerMessage,
  type ServerMessages,
  startRouter,
} from "@sente-lite/node";
import { json } from "@sente-lite/node/json";
import { connectInMemory } from "@sente-lite/node/testing";
import * as v from "valibot";
import { expectTypeOf } from "vitest";
import { z } from "zod";

// Compiled by compile-errors.test.ts, never run.

const chat = defineContract({
  toServer: {
    "chat/send": event<{ text: string; at?: number }, { id: string }>(),
    "chat/typing": event(),
    "chat/poke": event<string | undefined>(),
    "chat/any": event<unknown, unknown>(),
    "chat/ask": event<void, number | null>(),
    "chat/at": event({ data: z.object({ at: z.coerce.date() }), reply: z.string().transform((text) => text.length) }),
    "chat/name": event({ data: v.pipe(v.string(), v.minLength(2)) }),
    "chat/count": event({ reply: v.number() }),
  },
  toClient: {
    "chat/message": event<{ text: string; from: string | null }>(),
    "chat/opened": event({ data: z.iso.datetime().transform((text) => new Date(text)) }),
  },
});
type Chat = typeof chat;

export const specs = () => {
  expectTypeOf(event()).toEqualTypeOf<EventSpec<undefined, never>>();
  expectTypeOf(event<string>()).toEqualTypeOf<EventSpec<string, never>>();
  expectTypeOf(event<string, number>()).toEqualTypeOf<EventSpec<string, number>>();
  expectTypeOf(defineContract({ toClient: { "a/b": event<string>() } })).toEqualTypeOf<
    Contract<Record<never, never>, { "a/b": EventSpec<string, never> }>
  >();
};

export const client = async () => {
  const { sendFn, requestFn, chRecv } = makeChannelSocketClient("/chsk", { contract: chat });

  expectTypeOf(sendFn(["chat/send", { text: "a" }])).toEqualTypeOf<boolean>();
  sendFn(["chat/typing"]);
  sendFn(["chat/typing", undefined]);
  sendFn(["chat/poke"]);
  sendFn(["chat/poke", "a"]);
  sendFn(["chat/any"]);
  sendFn(["chat/any", new Map()]);
  sendFn(["chat/send", { text: "a" }], undefined);
  sendFn(["chat/send", { text: "a" }], 1_000, (reply) => {
    expectTypeOf(reply).toEqualTypeOf<{ id: string } | "chsk/closed" | "chsk/timeout" | "chsk/error">();
  });

  expectTypeOf(await requestFn(["chat/send", { text: "a", at: 1 }])).toEqualTypeOf<{ id: string }>();
  expectTypeOf(await requestFn(["chat/ask"], { timeoutMs: 1_000 })).toEqualTypeOf<number | null>();
  expectTypeOf(await requestFn(["chat/any", 1])).toEqualTypeOf<unknown>();
  // What a schema takes is what is sent, what it gives is what arrives.
  expectTypeOf(await requestFn(["chat/at", { at: "2020-01-01" }])).toEqualTypeOf<number>();
  expectTypeOf(await requestFn(["chat/count"])).toEqualTypeOf<number>();

  chRecv.on("chat/message", (message) => {
    expectTypeOf(message.id).toEqualTypeOf<"chat/message">();
    expectTypeOf(message.data).toEqualTypeOf<{ text: string; from: string | null }>();
    expectTypeOf(message.event[1]).toEqualTypeOf<{ text: string; from: string | null }>();
    expectTypeOf(message.state).toEqualTypeOf<ClientState>();
    expectTypeOf(message.sendFn).toEqualTypeOf(sendFn);
  });
  chRecv.once("chat/opened", ({ data }) => expectTypeOf(data).toEqualTypeOf<Date>());
  chRecv.on("chsk/state", ({ data: [previous, next] }) => {
    expectTypeOf(previous).toEqualTypeOf<ClientState>();
    expectTypeOf(next).toEqualTypeOf<ClientState>();
  });
  chRecv.on("chsk/handshake", ({ data }) => expectTypeOf(data[0]).toEqualTypeOf<string | null>());
  for await (const message of chRecv) {
    if (message.id === "chat/opened") expectTypeOf(message.data).toEqualTypeOf<Date>();
    else if (message.id === "chsk/bad-event") expectTypeOf(message.data).toEqualTypeOf<unknown>();
  }
};

export const server = () => {
  const made = makeChannelSocketServer({
    contract: chat,
    authorizedFn: async ({ url }) => (url.searchParams.has("admin") ? { role: "admin" } : null),
  });
  expectTypeOf(made).toEqualTypeOf<NodeServer<{ role: string }, Chat>>();

  expectTypeOf(made.sendFn("ann", ["chat/message", { text: "a", from: null }])).toEqualTypeOf<Pushed>();
  made.sendFn(["ann", "bob"], ["chat/opened", "2020-01-01T00:00:00Z"], { flush: true });
  made.broadcastFn(["chat/message", { text: "a", from: "ann" }], { except: "ann" });

  made.chRecv.on("chat/send", (message) => {
    expectTypeOf(message.data).toEqualTypeOf<{ text: string; at?: number }>();
    expectTypeOf(message.context).toEqualTypeOf<{ role: string }>();
    expectTypeOf(message.replyFn).toEqualTypeOf<((value: { id: string } | ReplyError) => boolean) | undefined>();
    expectTypeOf(message.sendFn).toEqualTypeOf(made.sendFn);
  });
  made.chRecv.on("chat/at", ({ data, replyFn }) => {
    expectTypeOf(data).toEqualTypeOf<{ at: Date }>();
    expectTypeOf(replyFn).toEqualTypeOf<((value: string | ReplyError) => boolean) | undefined>();
  });
  made.chRecv.on("chat/poke", ({ data, event: arrived }) => {
    expectTypeOf(data).toEqualTypeOf<string | undefined>();
    expectTypeOf(arrived).toEqualTypeOf<readonly ["chat/poke", (string | undefined)?]>();
  });
  made.chRecv.on("chsk/uidport-close", ({ data }) => expectTypeOf(data).toEqualTypeOf<string | null>());
  made.chRecv.on("*", (message) => {
    if (message.id === "chat/name") expectTypeOf(message.data).toEqualTypeOf<string>();
    if ("replyFn" in message)
      expectTypeOf(message.id).toExtend<"chat/send" | "chat/any" | "chat/ask" | "chat/at" | "chat/count">();
  });
};

export const router = () => {
  const made = makeChannelSocketServer({ contract: chat, authorizedFn: () => ({ role: "admin" }) });
  startRouter(made, {
    "chat/send": ({ data, context }) => ({ id: data.text + context.role }),
    "chat/typing": () => {},
    "chat/poke": async ({ data }) => void data?.length,
    "chat/any": ({ data }) => data,
    "chat/ask": async () => null,
    "chat/at": ({ data }) => data.at.toISOString(),
    "chsk/uidport-open": ({ uid }) => void made.sendFn(uid, ["chat/opened", ""]),
    "*": ({ id }) => id,
  });
  const apart: ServerHandlers<{ role: string }, Chat> = { "chat/ask": ({ context }) => context.role.length };
  startRouter(made, { ...apart, "chat/typing": () => {} });
  const ofClient: ClientHandlers<Chat> = { "chat/opened": ({ data }) => void data.getTime() };
  startRouter(makeChannelSocketClient("/chsk", { contract: chat }), ofClient);
  startRouter(made.chRecv, (message) => (message.id === "chat/send" ? { id: message.data.text } : undefined));
  startRouter(made, {}, { concurrency: 2, onUnhandled: ({ id }) => expectTypeOf(id).toExtend<string>() });
  const anyLog: Interceptor<{ readonly id: string }> = ({ id }, next) => [id, next];
  const adminsOnly: Interceptor<ServerMessages<{ role: string }, Chat>> = async (message, next) => {
    if (message.id === "chat/send") expectTypeOf(message.data).toEqualTypeOf<{ text: string; at?: number }>();
    return message.context.role === "admin" ? next() : new ReplyError("not-allowed");
  };
  startRouter(
    made,
    { "chat/at": ({ data }) => data.at.toISOString() },
    {
      use: [
        anyLog,
        adminsOnly,
        ({ context, id }, next) => {
          expectTypeOf(context).toEqualTypeOf<{ role: string }>();
          expectTypeOf(next).toEqualTypeOf<() => Promise<unknown>>();
          return id === "chat/at" ? "then" : next();
        },
      ],
    },
  );
  startRouter(makeChannelSocketClient("/chsk", { contract: chat }), {
    "chat/message": ({ data }) => void data.text,
    "chsk/handshake": ({ data: [uid] }) => void uid,
  });
};

export const whoConnects = () => {
  const made = makeChannelSocketServer({
    contract: chat,
    authorizedFn: async ({ headers }) => ({ user: { id: headers.get("x-user") ?? "", role: "admin" } }),
    userIdFn: (request, context) => {
      expectTypeOf(context).toEqualTypeOf<{ user: { id: string; role: string } }>();
      return request.clientId + context.user.id;
    },
  });
  expectTypeOf(made).toEqualTypeOf<NodeServer<{ user: { id: string; role: string } }, Chat, string>>();
  const other = makeChannelSocketServer({
    userIdFn: ({ clientId }) => clientId,
    authorizedFn: ({ clientId }) => clientId !== "" && { clientId },
  });
  expectTypeOf(other).toEqualTypeOf<NodeServer<{ clientId: string }, undefined, string>>();
};

export const uids = () => {
  const sure = makeChannelSocketServer({
    authorizedFn: async ({ headers }) => ({ id: headers.get("x-user") ?? "", tags: [1] }),
    userIdFn: async (_request, { id }) => id,
    rooms: { "chat/*": { joinFn: ({ uid, context }) => uid.startsWith("a") && context.tags.length > 0 } },
  });
  expectTypeOf(sure).toEqualTypeOf<NodeServer<{ id: string; tags: number[] }, undefined, string>>();
  startRouter(sure, { "any/id": ({ uid }) => uid.toUpperCase() });
  sure.chRecv.on("any/id", ({ uid }) => expectTypeOf(uid).toEqualTypeOf<string>());
  const apart: ServerHandlers<{ id: string; tags: number[] }, undefined, string> = { "a/b": ({ uid }) => uid.length };
  startRouter(sure, apart);
  // A function of any server takes one whose users all have an id.
  const anyServer = (server: ChannelSocketServer) => server.sendFn("ann", ["any/id"]);
  anyServer(sure);

  const one = makeChannelSocketServer({ userIdFn: () => "ann" });
  one.chRecv.on("any/id", ({ uid }) => expectTypeOf(uid).toEqualTypeOf<string>());
  const typed = makeChannelSocketServer({ contract: chat, userIdFn: () => "ann" });
  startRouter(typed, { "chat/typing": ({ uid }) => void uid.length, "chat/ask": ({ uid }) => uid.length });
  const perhaps = makeChannelSocketServer({ userIdFn: ({ url }) => url.searchParams.get("uid") });
  perhaps.chRecv.on("any/id", ({ uid }) => expectTypeOf(uid).toEqualTypeOf<string | null>());
  const seldom = makeChannelSocketServer({ userIdFn: ({ clientId }) => (clientId === "x" ? "ann" : undefined) });
  seldom.chRecv.on("any/id", ({ uid }) => expectTypeOf(uid).toEqualTypeOf<string | null>());
  const never = makeChannelSocketServer({ userIdFn: () => null });
  never.chRecv.on("any/id", ({ uid }) => expectTypeOf(uid).toEqualTypeOf<string | null>());
  // Without it the id is that of the client, and the type what it ever was.
  const unnamed = makeChannelSocketServer();
  unnamed.chRecv.on("any/id", ({ uid }) => expectTypeOf(uid).toEqualTypeOf<string | null>());
};

export const webTypes = () => {
  makeChannelSocketServer({
    authorizedFn: ({ headers, url }) => {
      expectTypeOf(headers).toEqualTypeOf<Headers>();
      expectTypeOf(url).toEqualTypeOf<URL>();
      return { cookies: headers.get("cookie"), all: [...headers], origin: url.origin };
    },
  });
};

export const withoutContract = () => {
  const made = makeChannelSocketServer({ authorizedFn: () => ({ role: "admin" }) });
  expectTypeOf(made).toEqualTypeOf<NodeServer<{ role: string }, undefined>>();
  expectTypeOf<ChannelSocketServer["sendFn"]>().toBeCallableWith("ann", ["any/id", 1]);
  made.chRecv.on("any/id", (message) => {
    expectTypeOf(message).toEqualTypeOf<ServerMessage<{ role: string }>>();
    expectTypeOf(message.id).toEqualTypeOf<string>();
    // Nothing is known of it, and nothing refused: the first ten lines of a user compile.
    expectTypeOf(message.data).toBeAny();
    expectTypeOf<typeof message.event>().toExtend<SenteEvent>();
    message.replyFn?.();
  });
  startRouter(made, { "any/id": ({ data, context }) => [data, context.role], "*": () => {} });
  startRouter(made, ({ data }) => data, {
    use: [({ data, context }, next) => (data.n > context.role.length ? 1 : next())],
  });
  const apart: ServerHandlers<{ role: string }> = { "any/id": ({ data }) => data };
  startRouter(made, apart);
  const plain = makeChannelSocketClient("/chsk");
  expectTypeOf(plain).toEqualTypeOf<ChannelSocketClient>();
  expectTypeOf(plain.requestFn(["any/id"])).resolves.toBeAny();
};

export const disposed = async () => {
  await using made = makeChannelSocketServer({ contract: chat });
  await using client = makeChannelSocketClient("/chsk", { contract: chat });
  expectTypeOf(made[Symbol.asyncDispose]).returns.resolves.toBeVoid();
  expectTypeOf(client[Symbol.asyncDispose]).returns.resolves.toBeVoid();
  await client.requestFn(["chat/send", { text: "hi" }], { signal: AbortSignal.timeout(5) });
};

export const inMemory = () => {
  const tab = connectInMemory({ server: makeChannelSocketServer({ contract: chat }) }).client("ann", {
    contract: chat,
  });
  expectTypeOf(tab).toEqualTypeOf<ChannelSocketClient<Chat>>();
};

export const forJson = async () => {
  const counted = defineContract({
    codec: json,
    toServer: { "chat/count": event<Record<string, number>, { [user: string]: boolean }>() },
    rooms: { "vote/*": { "vote/all": event<Record<string, number>>() } },
  });
  const client = makeChannelSocketClient("/chsk", { contract: counted });
  expectTypeOf(await client.requestFn(["chat/count", { "ann@b.c": 1 }])).toEqualTypeOf<{ [user: string]: boolean }>();
  client.room("vote/tea").sendFn(["vote/all", { ann: 1 }]);
  makeChannelSocketServer({ contract: counted, codecs: [json] });
};
