import { createHash } from "node:crypto";
import {
  buildSystem,
  channelSocketServer,
  createEndpoints,
  defineProcess,
  type Endpoints,
  router,
  type StartRouter,
  type System,
} from "@sente-lite/flow";
import { prometheusText } from "@sente-lite/flow/prometheus";
import type { ChannelSocketServer, ServerMessage, ServerOptions } from "@sente-lite/protocol";
import { type ChatState, initialState } from "../domain/chat-state.ts";
import { type ChatContract, chatContract } from "../domain/contract.ts";
import { readName, readRuntime } from "../domain/readers.ts";
import { type ChatInput, type ChatOutput, type Sender, step } from "../domain/step.ts";
import type { Store } from "./file-store.ts";

// The chat as a system: its steps, its store and a channel-socket server, and what leads from one to the other. The same
// on every runtime.

/** What a connection says of itself in its query parameters. */
export type Visitor = Pick<Sender, "name" | "runtime">;

export const chatOptions: ServerOptions<Visitor, ChatContract> & { readonly contract: ChatContract } = {
  contract: chatContract,
  // The key is a secret between one user and us. Others see what we make of it, and cannot act as that user.
  userIdFn: ({ url, clientId }) => publicId(url.searchParams.get("key") || clientId),
  // Nobody is refused but for a name that nobody could read.
  authorizedFn: ({ url }) => {
    const given = url.searchParams.get("name") ?? undefined;
    const name = readName(given);
    if (given !== undefined && name === undefined) return null;
    return { name, runtime: readRuntime(url.searchParams.get("runtime")) ?? "unknown" };
  },
};

/** A step that changed something, for the store. */
interface Changed {
  readonly type: "changed";
  readonly before: ChatState;
  readonly after: ChatState;
}

/** How long connections may take to end, so that people can see that the server ends. */
const DRAIN_MS = 500;

/** The processes of the chat. */
export type ChatSystem = System<"store" | "chat" | "router" | "socket">;

/** The chat as a system; nothing is started. `startRouter` is that of the server's runtime. */
export function chatSystem(
  server: ChannelSocketServer<Visitor, ChatContract>,
  startRouter: StartRouter,
  store: Store,
): ChatSystem {
  const chat = defineProcess<ChatState, ServerMessage<Visitor>, ChatOutput | Changed>({
    ports: { in: ["event", "uidport"], out: ["changed", "push", "broadcast", "reply", "refuse"] },
    init: () => store.load(initialState()),
    transform: (before, message, { at }) => {
      const input = inputOf(message, at);
      if (input === undefined) return undefined;
      const { state: after, outputs } = step(before, input);
      return { state: after, outputs: [{ type: "changed", before, after }, ...outputs] };
    },
    // The steps are pure: one that throws has changed nothing, and who is here stays here.
    onError: "skip",
  });

  return buildSystem({
    processes: {
      store: defineProcess({
        ports: { in: { changed: { sink: true } }, out: [] },
        // Before anybody is told of it: what leaves the chat first arrives first.
        transform: (_, { before, after }: Changed) => store.keep(before, after),
      }),
      chat,
      router: router({
        "chat/join": "chat",
        "chat/leave": "chat",
        "chat/rename": "chat",
        "chat/send": "chat",
        "chat/typing": "chat",
      }),
      socket: channelSocketServer(server, startRouter, { drainMs: DRAIN_MS }),
    },
    connections: [
      [
        ["socket", "out"],
        ["router", "in"],
      ],
      [
        ["socket", "uidport"],
        ["chat", "uidport"],
      ],
      [
        ["router", "chat"],
        ["chat", "event"],
      ],
      [
        ["chat", "changed"],
        ["store", "changed"],
      ],
      [
        ["chat", "push"],
        ["socket", "push"],
      ],
      [
        ["chat", "broadcast"],
        ["socket", "broadcast"],
      ],
      [
        ["chat", "reply"],
        ["socket", "reply"],
      ],
      [
        ["chat", "refuse"],
        ["socket", "refuse"],
      ],
    ],
  });
}

/** `/healthz`, `/readyz` and `/metrics` of a chat. */
export function chatEndpoints(system: ChatSystem): Endpoints {
  const { systemHealth, isReady, metrics } = system;
  return createEndpoints({ health: systemHealth, isReady, metricsText: prometheusText(metrics) });
}

/** What an event is to the chat; `at` is in milliseconds since 1970. Of users who come nothing is to be done yet. */
function inputOf({ id, uid, clientId, context, data }: ServerMessage<Visitor>, at: number): ChatInput | undefined {
  const from = { uid: uid ?? "", clientId, ...context };
  switch (id) {
    case "chat/join":
      return { type: "join", from, data, at };
    case "chat/leave":
      return { type: "leave", from };
    case "chat/rename":
      return { type: "rename", from, data };
    case "chat/send":
      return { type: "send", from, data, at };
    case "chat/typing":
      return { type: "typing", from, data };
    // The user's last connection closed, and none came back.
    case "chsk/uidport-close":
      return { type: "gone", uid: uid ?? "" };
    default:
      return undefined;
  }
}

function publicId(secret: string): string {
  return createHash("sha256").update(`chat/${secret}`).digest("hex").slice(0, 16);
}
