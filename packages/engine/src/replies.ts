import { isReplyError, type ReplyFn } from "@sente-lite/protocol";
import type { ReplyFailure } from "@sente-lite/protocol/session";
import { deliveryOf } from "./delivery.ts";

/** How an event is answered. */
export interface Replies {
  readonly replyFn: ReplyFn | undefined;
  readonly replyWithError: (failure: ReplyFailure) => boolean;
}

/** How one answer goes back. */
export interface AnswerWay {
  /** False where nobody waits for an answer any more. */
  isWanted(): boolean;
  /** Sends a value. Throws `EncodeError`; then nothing was sent. */
  reply(value: unknown): void;
  /** Sends an error. Throws `EncodeError` for data that cannot be sent. */
  fail(failure: ReplyFailure): void;
  /** The data of an error could not be sent: it goes without. */
  report(error: unknown): void;
  /** Ends the request: an answer was sent, or nobody waits for one. */
  finish(): void;
}

/** The two ways to answer a request, of which the first call counts. */
export function makeReplies(way: AnswerWay): Replies & { readonly replyFn: ReplyFn } {
  let isAnswered = false;
  const once = (answer: () => void): boolean => {
    if (isAnswered) return false;
    isAnswered = true;
    const isWanted = way.isWanted();
    try {
      if (isWanted) answer();
    } finally {
      way.finish();
    }
    return isWanted;
  };
  const replyWithError = (failure: ReplyFailure) =>
    once(() => {
      try {
        way.fail(failure);
      } catch (error) {
        way.report(error);
        way.fail({ ...failure, data: null });
      }
    });
  const replyFn: ReplyFn = (value) => {
    if (isReplyError(value)) return replyWithError(failureOf(value));
    return once(() => {
      try {
        way.reply(value);
      } catch (error) {
        // The caller of `replyFn` learns of it, and the peer that waits gets an answer all the same.
        way.fail(failureOf(error));
        throw error;
      }
    });
  };
  return { replyFn, replyWithError };
}

/** Whose value or error it is, as the context of a report names it. */
export type Source = "handler" | "interceptor";

/** Answers with that value, where a reply is wanted; `undefined` is none. */
export function answer(
  message: { readonly id: string; readonly replyFn?: unknown },
  value: unknown,
  source: Source,
): void {
  if (value === undefined || typeof message.replyFn !== "function") return;
  try {
    message.replyFn(value);
  } catch (error) {
    fail(message, error, source);
  }
}

/** Reports an error, and answers with what the peer may know of it. */
export function fail(message: { readonly id: string }, error: unknown, source: Source): void {
  const { peer, replyWithError } = deliveryOf(message);
  peer.report(error, { source, id: message.id });
  replyWithError?.(failureOf(error));
}

/** What the peer is told: of a `ReplyError` all, of any other error nothing. */
export function failureOf(error: unknown): ReplyFailure {
  if (isReplyError(error)) return { code: error.code, message: error.message, data: error.data };
  return { code: "error", message: "the handler failed", data: null };
}
