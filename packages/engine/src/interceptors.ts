import { type Interceptor, UsageError } from "@sente-lite/protocol";
import { showValue } from "@sente-lite/protocol/options";
import { deliveryOf, UNHANDLED } from "./delivery.ts";
import { answer, fail, type Source } from "./replies.ts";

/** What became of a message: what was returned, or thrown, and by whom. */
type Outcome =
  | { readonly type: "returned"; readonly value: unknown; readonly source: Source }
  | { readonly type: "thrown"; readonly error: unknown; readonly source: Source };

/** The interceptors of a router, checked. Throws `UsageError` for what is no list of functions. */
export function interceptorsOf<M>(given: readonly Interceptor<M>[] = []): readonly Interceptor<M>[] {
  if (!Array.isArray(given)) {
    const message = `startRouter: the option use is an array of functions, not ${showValue(given)}`;
    throw new UsageError("bad-option", message);
  }
  const use = [...given];
  const wrong = use.findIndex((interceptor) => typeof interceptor !== "function");
  if (wrong >= 0) throw new UsageError("bad-option", `startRouter: use[${wrong}] is no function`);
  return use;
}

/** The way of one message through the interceptors to its handler. */
export class Passage<M extends { readonly id: string }> {
  readonly #use: readonly Interceptor<M>[];
  readonly #handle: (message: M) => unknown;
  readonly #message: M;
  /** The message that interceptors and the handler are given: calls of its `replyFn` are noted. */
  readonly #seen: M;
  #given: { readonly value: unknown } | undefined;
  #isHandled = false;
  /** What still runs although the interceptor before it has ended. */
  readonly #left: Promise<Outcome>[] = [];

  constructor(use: readonly Interceptor<M>[], message: M, handle: (message: M) => unknown) {
    this.#use = use;
    this.#handle = handle;
    this.#message = message;
    this.#seen = this.#watchReply(message);
  }

  /** Calls the first interceptor at once, and answers; resolves when the last function has ended. Never rejects. */
  async run(): Promise<void> {
    this.#answer(await this.#runFrom(0));
    for (const outcome of this.#left) {
      const late = await outcome;
      if (late.type === "thrown") fail(this.#message, late.error, late.source);
    }
  }

  /** What becomes of the message from that interceptor on; behind the last is the handler. Never rejects. */
  async #runFrom(index: number): Promise<Outcome> {
    const interceptor = this.#use[index];
    if (interceptor === undefined) return this.#runHandler();
    const below: { outcome?: Promise<Outcome>; known?: Outcome } = {};
    let hasEnded = false;
    const next = (...given: readonly unknown[]): Promise<unknown> => {
      checkNext(given[0]);
      // A late call mostly comes from a timer: an error thrown there would end the process.
      if (hasEnded) return this.#refuseLate();
      if (below.outcome !== undefined) throw new UsageError("next-called-twice", "an interceptor calls next() once");
      below.outcome = this.#runFrom(index + 1);
      const reply = below.outcome.then((outcome) => {
        below.known = outcome;
        if (outcome.type === "thrown") throw outcome.error;
        return outcome.value;
      });
      // An interceptor that does not await the promise is not stopped by its rejection, which is reported all the same.
      reply.catch(() => {});
      return reply;
    };
    let own: Outcome;
    try {
      own = { type: "returned", value: await interceptor(this.#seen, next), source: "interceptor" };
    } catch (error) {
      own = { type: "thrown", error, source: "interceptor" };
    }
    hasEnded = true;
    const { outcome, known } = below;
    if (outcome === undefined) return own;
    if (own.type === "returned" && (own.value === undefined || own.value === replyIn(known))) return outcome;
    if (own.type === "thrown" && known?.type === "thrown" && known.error === own.error) return known;
    if (known === undefined) this.#left.push(outcome);
    return own;
  }

  async #runHandler(): Promise<Outcome> {
    this.#isHandled = true;
    try {
      const value = await this.#handle(this.#seen);
      return { type: "returned", value: this.#given === undefined ? value : this.#given.value, source: "handler" };
    } catch (error) {
      return { type: "thrown", error, source: "handler" };
    }
  }

  #answer(outcome: Outcome): void {
    const message = this.#message;
    if (outcome.type === "thrown") fail(message, outcome.error, outcome.source);
    else if (outcome.value !== undefined && this.#given === undefined) answer(message, outcome.value, outcome.source);
    else if (outcome.value !== undefined && outcome.source === "interceptor") this.#reportLate();
    // No handler had it: whoever waits for the answer is told at once.
    else if (!this.#isHandled) deliveryOf(message).replyWithError?.(UNHANDLED);
  }

  /** Rejects a `next()` that comes too late: the message was answered without it. */
  #refuseLate(): Promise<never> {
    const error = new UsageError("next-too-late", "an interceptor calls next() before it returns or resolves");
    deliveryOf(this.#message).peer.report(error, { source: "interceptor", id: this.#message.id });
    const late = Promise.reject(error);
    late.catch(() => {});
    return late;
  }

  /** Reports a reply that came too late: `replyFn` has already sent one. */
  #reportLate(): void {
    const error = new UsageError("answered-before", "a reply that replyFn was given cannot be replaced");
    deliveryOf(this.#message).peer.report(error, { source: "interceptor", id: this.#message.id });
  }

  #watchReply(message: M): M {
    const { replyFn } = message as { readonly replyFn?: unknown };
    if (typeof replyFn !== "function") return message;
    return {
      ...message,
      replyFn: (value: unknown): boolean => {
        const isSent: boolean = replyFn(value);
        if (isSent) this.#given = { value };
        return isSent;
      },
    };
  }
}

/**
 * Throws `UsageError` for a message. Interceptors of other libraries pass a changed one on, which would be lost here in
 * silence. Any other argument, as `.then(next)` gives one, is ignored.
 */
function checkNext(given: unknown): void {
  if (typeof given !== "object" || given === null || !("id" in given && "data" in given)) return;
  const message = "next() takes nothing: what interceptors and the handler are given is the message as it came";
  throw new UsageError("bad-argument", message);
}

function replyIn(outcome: Outcome | undefined): unknown {
  return outcome?.type === "returned" ? outcome.value : undefined;
}
