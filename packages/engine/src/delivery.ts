import type { ReplyFailure } from "@sente-lite/protocol/session";
import type { Place } from "./incoming.ts";

/** Whom a message came from: there the errors of its consumers are reported. */
export interface Peer {
  report(error: unknown, context: Readonly<Record<string, unknown>>): void;
  warn(message: string): void;
}

/** What the engine knows of a message beside its public fields. */
export interface Delivery {
  readonly peer: Peer;
  /** Its place in the queue of its peer. */
  readonly place: Place;
  /** Answers the request with an error; absent where no reply is wanted. */
  readonly replyWithError: ((failure: ReplyFailure) => boolean) | undefined;
  /** Is told of the work on it, which `server.close({ drainMs })` waits for. */
  readonly worker?: Worker | undefined;
}

/** What is told of work on its messages. */
export interface Worker {
  beginWork(): void;
  /** Once for each `beginWork`. */
  endWork(): void;
  /** A handler of an event with that id takes its time: what is returned is called when it is done. */
  watchHandler(id: string): () => void;
}

/** The key of a message's delivery: hidden from `console.log`, kept by a spread. */
export const DELIVERY: unique symbol = Symbol("sente-lite");

/** A message as the engine makes it. */
export interface Message {
  readonly id: string;
  readonly [DELIVERY]: Delivery;
}

/** What the engine knows of a message that it made. */
export function deliveryOf(message: { readonly id: string }): Delivery {
  return (message as Message)[DELIVERY];
}

export const UNHANDLED: ReplyFailure = { code: "unhandled", message: "nobody handles this event", data: null };
