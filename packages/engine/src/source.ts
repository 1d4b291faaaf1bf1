import type { ReplyFailure, Weight } from "@sente-lite/protocol/session";

/** What a message came from: how its consumers push back, and where their errors go. */
export interface Source {
  /** So many messages of this source wait, at most, and so many bytes. */
  readonly maxReceived: number;
  readonly maxReceivedBytes: number;
  /** A consumer lags: stop reading, where that can be done. Each call is matched by a `resume`. */
  pause(): void;
  resume(): void;
  /** A queue of messages is full, and this one found no place: the connection ends with 4413. */
  overflow(): void;
  report(error: unknown, context: Readonly<Record<string, unknown>>): void;
  warn(message: string): void;
}

/** What the engine knows of a message beside its public fields. */
export interface Inside {
  readonly source: Source;
  /** Answers the request with an error; absent where no reply is wanted. */
  readonly replyFailed: ((failure: ReplyFailure) => boolean) | undefined;
  readonly weight: Weight;
  /** Work on it began, which `server.close({ drainMs })` waits for; call what it returns when it has ended. */
  readonly begun?: () => () => void;
}

const OWN: Weight = { bytes: 0, isOwn: true };

/** What an event weighs that came in a frame of so many bytes. All of `chsk` but bad events this side makes up itself. */
export function weightOf(id: string, bytes: number): Weight {
  return id.startsWith("chsk/") && id !== "chsk/bad-event" ? OWN : { bytes, isOwn: false };
}

/** The key of a message's inside: hidden from `console.log`, kept by a spread. */
export const INSIDE: unique symbol = Symbol("sente-lite");

/** A message as the engine makes it. */
export interface Message {
  readonly id: string;
  readonly [INSIDE]: Inside;
}

export const UNHANDLED: ReplyFailure = { code: "unhandled", message: "nobody handles this event", data: null };
