import { createHash } from "node:crypto";
import {
  type ChannelSocketServer,
  type Handlers,
  ReplyError,
  type ServerMessage,
  type ServerOptions,
} from "@sente-lite/protocol";
import { initialState } from "../domain/chat-state.ts";
import { readName, readRuntime } from "../domain/readers.ts";
import { type ChatInput, type Sender, step } from "../domain/step.ts";
import type { Store } from "./file-store.ts";

// Between a channel-socket server and the domain: who somebody is, and the few lines that carry out what the steps say.
// The same on every runtime.

/** What a connection says of itself in its query parameters. */
export type Visitor = Pick<Sender, "name" | "runtime">;

export const chatOptions: ServerOptions<Visitor> = {
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

/** The chat, as the handlers for `startRouter`. */
export function chatHandlers(
  server: ChannelSocketServer<Visitor>,
  store: Store,
): Handlers<string, ServerMessage<Visitor>> {
  let state = store.load(initialState());

  /** Takes one step, and does what comes out of it. Returns the reply; a refusal is thrown, as a reply with a code. */
  const run = (input: ChatInput): unknown => {
    const before = state;
    const next = step(before, input);
    state = next.state;
    // Before anybody is told of it.
    store.keep(before, state);
    let reply: unknown;
    for (const output of next.outputs) {
      if (output.type === "push") server.sendFn(output.to, output.event);
      else if (output.type === "broadcast") server.broadcastFn(output.event);
      else if (output.type === "reply") reply = output.value;
      else throw new ReplyError(output.code);
    }
    return reply;
  };

  // A refusal is an answer, not a fault of ours.
  server.errorChan.on(({ error, context }) => {
    if (!(error instanceof ReplyError)) console.error("chat:", error, context);
  });

  return {
    "chat/join": (message) => run({ type: "join", from: from(message), data: message.data, at: Date.now() }),
    "chat/leave": (message) => run({ type: "leave", from: from(message) }),
    "chat/rename": (message) => run({ type: "rename", from: from(message), data: message.data }),
    "chat/send": (message) => run({ type: "send", from: from(message), data: message.data, at: Date.now() }),
    "chat/typing": (message) => run({ type: "typing", from: from(message), data: message.data }),
    // The user's last connection closed, and none came back.
    "chsk/uidport-close": (message) => run({ type: "gone", uid: message.uid ?? "" }),
  };
}

function from({ uid, clientId, context }: ServerMessage<Visitor>): Sender {
  return { uid: uid ?? "", clientId, ...context };
}

function publicId(secret: string): string {
  return createHash("sha256").update(`chat/${secret}`).digest("hex").slice(0, 16);
}
