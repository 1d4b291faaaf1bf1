import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Endpoints } from "@sente-lite/flow";
import { type ChatSystem, chatEndpoints } from "./chat-server.ts";
import { demoPage } from "./demo-mode.ts";
import { fileStore, memoryStore, type Store } from "./file-store.ts";
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
export interface ChatRuntime {
  /** The chat with what was kept, not started. */
  readonly system: (store: Store) => ChatSystem;
  /** Rejects with the code `EADDRINUSE` where somebody else has the port. */
  readonly listen: (serving: Serving) => Listener | Promise<Listener>;
}

/** The program of every chat server: reads the arguments, serves until a signal, and says where. */
export async function serveChat({ system, listen }: ChatRuntime): Promise<void> {
  const { values: args } = parseArgs({
    args: process.argv.slice(2),
    options: {
      port: { type: "string" },
      host: { type: "string", default: "127.0.0.1" },
      /** The folder in which rooms, names and messages are kept. Without it they last as long as the server. */
      data: { type: "string" },
      /** Visitors may restart the server: whoever started it starts it again. */
      demo: { type: "boolean", default: false },
    },
  });
  const report = (message: string) => console.error(`chat: ${message}`);
  const chat = system(args.data === undefined ? memoryStore : fileStore(args.data, report));
  await chat.start();

  const files = readPage(fileURLToPath(new URL("page/", import.meta.url)));
  const page = demoPage(files, args.demo ? () => void end(AGAIN) : undefined);
  const endpoints = chatEndpoints(chat);
  let listener: Listener;
  try {
    const at = (port: number) => listen({ port, hostname: args.host, page, endpoints });
    listener = args.port === undefined ? await firstFree(DEFAULT_PORT, at) : await at(Number(args.port));
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
  console.log(`chat: http://${args.host.includes(":") ? `[${args.host}]` : args.host}:${listener.port}/`);
}

/** On the first port, or the next one that nobody has. */
async function firstFree(first: number, at: (port: number) => Listener | Promise<Listener>): Promise<Listener> {
  for (let port = first; ; port++) {
    try {
      return await at(port);
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
      if (!isTaken || port >= first + 100) throw error;
    }
  }
}
