import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Endpoints, StartRouter } from "@sente-lite/flow";
import type { ChannelSocketClient } from "@sente-lite/protocol";
import { openBackplane } from "./backplane.ts";
import { chatEndpoints, chatSystem, followPeers, makeChatServer } from "./chat-server.ts";
import type { ChatServer, ChatServerOptions } from "./chat-types.ts";
import { demoPage } from "./demo-mode.ts";
import { fileStore, memoryStore } from "./file-store.ts";
import { type Page, readPage } from "./page-files.ts";

const DEFAULT_PORT = 3000;
/** With this exit code a demo's server asks to be started again. */
const AGAIN = 75;

/** What a runtime is given to serve, and where. */
export interface Serving {
  readonly port: number;
  readonly hostname: string;
  readonly page: Page;
  /** They go before the page. */
  readonly endpoints: Endpoints;
}

/** What listens. */
export interface Listener {
  readonly port: number;
  /** Ends it, with the connections that are left. */
  readonly stop: () => void;
}

/** What differs between the runtimes. */
export interface ChatRuntime<Server extends ChatServer> {
  readonly makeServer: (options: ChatServerOptions) => Server;
  readonly startRouter: StartRouter;
  readonly makeClient: (url: string, options: { readonly params: { readonly key: string } }) => ChannelSocketClient;
  /** Rejects with the code `EADDRINUSE` where somebody else has the port. */
  readonly listen: (server: Server, serving: Serving) => Listener | Promise<Listener>;
}

/** The program of every chat server: reads the arguments, serves until a signal, and says where. */
export async function serveChat<Server extends ChatServer>(runtime: ChatRuntime<Server>): Promise<void> {
  const { values: args } = parseArgs({
    args: process.argv.slice(2),
    options: {
      port: { type: "string" },
      host: { type: "string", default: "127.0.0.1" },
      /** The folder in which rooms, names and messages are kept. Without it they last as long as the server. */
      data: { type: "string" },
      /** Visitors may restart the server: whoever started it starts it again. */
      demo: { type: "boolean", default: false },
      /** `/metrics` answers whoever asks: for a server that only those who may read them can reach. */
      metrics: { type: "boolean", default: false },
      /** One of several servers: its name, the address of the broker that they share, and a secret of theirs. */
      node: { type: "string" },
      broker: { type: "string", default: "redis://127.0.0.1:6379" },
      key: { type: "string", default: "" },
    },
  });
  const report = (message: string) => console.error(`chat: ${message}`);
  const node = args.node === undefined ? undefined : { name: args.node, key: args.key };
  const backplane = node === undefined ? undefined : await openBackplane(args.broker);
  const server = makeChatServer(runtime.makeServer, backplane === undefined ? {} : { backplane });
  const store = args.data === undefined ? memoryStore : fileStore(args.data, report);
  const chat = chatSystem(server, runtime.startRouter, store, node);
  await chat.start();

  const files = readPage(fileURLToPath(new URL("page/", import.meta.url)));
  const page = demoPage(files, args.host, args.demo ? () => void end(AGAIN) : undefined);
  const endpoints = chatEndpoints(chat, { withMetrics: args.metrics });
  let listener: Listener;
  try {
    const listenAt = (port: number) => runtime.listen(server, { port, hostname: args.host, page, endpoints });
    listener =
      args.port === undefined ? await listenOnFirstFree(DEFAULT_PORT, listenAt) : await listenAt(Number(args.port));
  } catch (error) {
    report(`cannot listen: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  }

  let isEnding = false;
  const end = async (code = 0) => {
    if (isEnding) return;
    isEnding = true;
    await chat.stop();
    listener.stop();
    // A runtime may still wait for sockets of peers that do not close theirs.
    process.exit(code);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void end());
  // It ends by itself only where an error escalated.
  void chat.ended().then(() => end(1));
  const address = `${args.host.includes(":") ? `[${args.host}]` : args.host}:${listener.port}`;
  if (node !== undefined) {
    followPeers(chat, server, runtime.makeClient(`ws://${address}/chsk`, { params: { key: node.key } }), node);
  }
  console.log(`chat: http://${address}/`);
}

/** On the first port, or the next one that nobody has. */
async function listenOnFirstFree(
  first: number,
  listenAt: (port: number) => Listener | Promise<Listener>,
): Promise<Listener> {
  for (let port = first; ; port++) {
    try {
      return await listenAt(port);
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
      if (!isTaken || port >= first + 100) throw error;
    }
  }
}
