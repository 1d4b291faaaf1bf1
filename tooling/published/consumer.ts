// What a user of the package for Node writes with most of it: a contract, a server, a client, rooms and requests both ways.
// It is a file of an empty project, compiled as `compilers.ts` says.

/** The program, as its user has it. */
export const consumer = `
import {
  defineContract,
  event,
  type Interceptor,
  makeChannelSocketClient,
  makeChannelSocketServer,
  ReplyError,
  type ServerMessages,
  startRouter,
} from "@sente-lite/node";
import { edn } from "@sente-lite/node/edn";
import { connectInMemory } from "@sente-lite/node/testing";

interface Said {
  text: string;
}

export const contract = defineContract({
  toServer: { "chat/say": event<Said, number>(), "chat/away": event() },
  toClient: { "chat/said": event<Said & { from: string }>(), "file/confirm": event<{ name: string }, boolean>() },
  rooms: { "chat/*": { "room/said": event<Said>() } },
});

const server = makeChannelSocketServer({
  contract,
  codecs: [edn],
  authorizedFn: ({ headers, url }) => ({ name: url.searchParams.get("uid") ?? headers.get("x-user") ?? "nobody" }),
  userIdFn: (_request, { name }) => name,
  rooms: { "chat/*": { joinFn: ({ uid }) => uid !== null, history: { size: 10 }, members: true } },
});

const timed: Interceptor<ServerMessages<{ name: string }, typeof contract>> = async ({ context }, next) => {
  const reply = await next();
  context.name.toUpperCase();
  return reply;
};

startRouter(server, {
  "chat/say": async ({ uid, clientId, data, context }) => {
    const from: string = uid;
    const isSure: boolean = await server.requestFn({ uid, clientId }, ["file/confirm", { name: context.name }]);
    if (!isSure) return new ReplyError("not-sure");
    server.broadcastFn(["chat/said", { from, text: data.text.trim() }], { except: { uid, clientId } });
    server.sendFn({ room: "chat/tea" }, ["room/said", { text: data.text }], { volatile: true });
    return data.text.length;
  },
});
startRouter(server, { "chsk/client-close": ({ data }) => void data.reason.length }, { use: [timed] });

const client = makeChannelSocketClient("ws://127.0.0.1/chsk", { contract, codec: edn, connect: false });
client.chRecv.on("chat/said", ({ data }) => void data.from.toUpperCase());
startRouter(client, { "file/confirm": ({ data }) => data.name.endsWith(".tmp") });
const tea = client.room("chat/tea");
tea.chRecv.on("room/said", ({ data, position }) => void [data.text.length, position?.offset]);
tea.state.subscribe(({ status, recovered }) => void (status === "joined" && recovered));
export const length: Promise<number> = client.requestFn(["chat/say", { text: "hello" }], { timeoutMs: 1_000 });
// @ts-expect-error The contract has another text.
client.sendFn(["chat/say", { text: 1 }]);
// @ts-expect-error The contract has no such event.
client.sendFn(["chat/sya", { text: "hello" }]);
// @ts-expect-error It has no reply.
client.requestFn(["chat/away"]);

export async function isServed(): Promise<boolean> {
  await using own = makeChannelSocketServer();
  return own.isReady();
}

// Without a contract everything passes.
const free = makeChannelSocketServer();
startRouter(free, { "math/add": ({ data: [a, b] }) => a + b });
const { client: connect } = connectInMemory({ server: free });
export const sum: Promise<string> = connect("ann").requestFn(["math/add", [1, 2]]).then((added) => added.toFixed(1));
`;
