import { EncodeError, isReplyError, type ReplyFn } from "@sente-lite/protocol";
import type { ReplyFailure } from "@sente-lite/protocol/session";
import { deliveryOf } from "./delivery.ts";

/** How an event is answered. */
export interface Replies {
  readonly replyFn: ReplyFn | undefined;
  readonly replyWithError: (failure: ReplyFailure) => boolean;
}

/** A request that wants one answer: of the two ways to give it, the first call counts. */
export abstract class OneReply implements Replies {
  #isAnswered = false;

  /** Answers with a value, or a `ReplyError`. Throws `EncodeError` for what cannot be sent; then the peer is told of an error. */
  readonly replyFn: ReplyFn = (value) => {
    if (isReplyError(value)) return this.replyWithError(failureOf(value));
    return this.#answer(() => this.#sendValue(value));
  };

  readonly replyWithError = (failure: ReplyFailure): boolean => this.#answer(() => this.#sendError(failure));

  /** False where nobody waits for an answer any more. */
  protected abstract isWanted(): boolean;
  /** Sends a value. Throws `EncodeError`; then nothing was sent. */
  protected abstract reply(value: unknown): void;
  /** Sends an error. Throws `EncodeError` for data that cannot be sent. */
  protected abstract fail(failure: ReplyFailure): void;
  /** The data of an error could not be sent: it goes without. */
  protected abstract report(error: unknown): void;
  /** Ends the request: an answer was sent, or nobody waits for one. */
  protected abstract finish(): void;

  #answer(send: () => void): boolean {
    if (this.#isAnswered) return false;
    this.#isAnswered = true;
    const isWanted = this.isWanted();
    try {
      if (isWanted) send();
    } finally {
      this.finish();
    }
    return isWanted;
  }

  #sendValue(value: unknown): void {
    try {
      this.reply(value);
    } catch (error) {
      // The caller of `replyFn` learns of it, and the peer that waits gets an answer all the same.
      this.fail(failureOf(error));
      throw error;
    }
  }

  #sendError(failure: ReplyFailure): void {
    try {
      this.fail(failure);
    } catch (error) {
      this.report(error);
      this.fail({ ...failure, data: null });
    }
  }
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

/** What the peer is told: of a `ReplyError` all, that a reply could not go from server to server, of any other error nothing. */
export function failureOf(error: unknown): ReplyFailure {
  if (isReplyError(error)) return { code: error.code, message: error.message, data: error.data };
  if (isTooLarge(error)) return { code: error.code, message: error.message, data: null };
  return { code: "error", message: "the handler failed", data: null };
}

/** What was thrown may throw itself when it is looked at. */
function isTooLarge(error: unknown): error is EncodeError {
  try {
    return error instanceof EncodeError && error.code === "reply-too-large";
  } catch {
    return false;
  }
}
