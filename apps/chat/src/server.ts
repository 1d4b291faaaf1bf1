import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { makeChannelSocketServer, ReplyError, type ServerMessage, startRouter } from "@sente-lite/node";
import { type ChatState, initialState } from "./domain/chat-state.ts";
import { readName, readRuntime } from "./domain/readers.ts";
import { type ChatInput, type Sender, step } from "./domain/step.ts";
import { servePage } from "./serve-page.ts";

// The chat on Node: an http server for the page, a channel-socket server, and between them and the domain the few
// lines that carry out what its steps say.

const DEFAULT_PORT = 3000;
const { values: args } = parseArgs({
  options: { port: { type: "string" }, host: { type: "string", default: "127.0.0.1" } },
});

/** What a connection says of itself in its query parameters. */
type Visitor = Pick<Sender, "name" | "runtime">;

const server = makeChannelSocketServer<Visitor>({
  // The key is a secret between one user and us. Others see what we make of it, and cannot act as that user.
  userIdFn: ({ url, clientId }) => publicId(url.searchParams.get("key") || clientId),
  // Nobody is refused but for a name that nobody could read.
  authorizedFn: ({ url, clientId }) => {
    const name = readName(url.searchParams.get("name") ?? `guest-${publicId(clientId).slice(0, 4)}`);
    return name === undefined ? null : { name, runtime: readRuntime(url.searchParams.get("runtime")) ?? "unknown" };
  },
});

let state: ChatState = initialState();

/** Takes one step, and does what comes out of it. Returns the reply; a refusal is thrown, as a reply with a code. */
function run(input: ChatInput): unknown {
  const next = step(state, input);
  state = next.state;
  let reply: unknown;
  for (const output of next.outputs) {
    if (output.type === "push") server.sendFn(output.to, output.event);
    else if (output.type === "broadcast") server.broadcastFn(output.event);
    else if (output.type === "reply") reply = output.value;
    else throw new ReplyError(output.code);
  }
  return reply;
}

const from = ({ uid, clientId, context }: ServerMessage<Visitor>): Sender => ({ uid: uid ?? "", clientId, ...context });

startRouter(server, {
  "chat/join": (message) => run({ type: "join", from: from(message), data: message.data, at: Date.now() }),
  "chat/leave": (message) => run({ type: "leave", from: from(message) }),
  "chat/rename": (message) => run({ type: "rename", from: from(message), data: message.data }),
  "chat/send": (message) => run({ type: "send", from: from(message), data: message.data, at: Date.now() }),
  // The user's last connection closed, and none came back.
  "chsk/uidport-close": (message) => run({ type: "gone", uid: message.uid ?? "" }),
});

// A refusal is an answer, not a fault of ours.
server.errorChan.on(({ error, context }) => {
  if (!(error instanceof ReplyError)) console.error("chat:", error, context);
});

const http = createServer(servePage(fileURLToPath(new URL("page/", import.meta.url))));
server.attach(http, { path: "/chsk" });

try {
  const port = args.port === undefined ? await listenOnFree(http, DEFAULT_PORT) : await listen(http, Number(args.port));
  console.log(`chat: http://${args.host.includes(":") ? `[${args.host}]` : args.host}:${port}/`);
} catch (error) {
  console.error(`chat: cannot listen: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, async () => {
    http.close();
    await server.close();
    http.closeAllConnections();
  });
}

function publicId(secret: string): string {
  return createHash("sha256").update(`chat/${secret}`).digest("hex").slice(0, 16);
}

async function listen(http: Server, wanted: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    http.once("error", reject);
    http.listen(wanted, args.host, () => {
      http.off("error", reject);
      resolve();
    });
  });
  return (http.address() as AddressInfo).port;
}

/** The default port, or the next one that nobody has. */
async function listenOnFree(http: Server, first: number): Promise<number> {
  for (let port = first; ; port++) {
    try {
      return await listen(http, port);
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
      if (!isTaken || port >= first + 100) throw error;
    }
  }
}
