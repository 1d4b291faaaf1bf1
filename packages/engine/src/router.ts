import { type Handlers, type Receiver, ReplyError, type RouterHandler, type RouterOptions } from "@sente-lite/protocol";
import { guarded, isThenable, Lane, type ReplyFailure } from "@sente-lite/protocol/session";
import { INSIDE, type Message, type Source, UNHANDLED } from "./source.ts";

/** Ids of unhandled events that are remembered, so that each is warned of once. */
const MAX_WARNED = 100;

/** A client, a server, or its `chRecv`. */
export type Routable<M extends { readonly id: string }> = Receiver<M> | { readonly chRecv: Receiver<M> };

/**
 * Calls a handler for each message: one function for all, or a map by event id (`"*"`: the rest). What a handler
 * returns, or its promise resolves to, is the reply where one is wanted; `undefined` is none: it answers by `replyFn`.
 * A handler that throws is reported on the error channel, and the request answered `chsk/error`. Returns the function
 * that stops the router.
 */
export function startRouter<M extends { readonly id: string }>(
  routable: Routable<M>,
  handlers: Handlers<M["id"] | "*", M>,
  options: RouterOptions<M> = {},
): () => void {
  const receiver = "chRecv" in routable ? routable.chRecv : routable;
  const concurrency = Math.max(1, options.concurrency ?? 1);
  const lanes = new WeakMap<Source, Lane<Held<M>>>();
  const warned = new Set<string>();
  const byId = typeof handlers === "function" ? undefined : new Map(Object.entries(handlers));
  const every = typeof handlers === "function" ? handlers : undefined;
  const handlerOf = (id: string) => every ?? byId?.get(id) ?? byId?.get("*");

  const unhandled = (message: M) => {
    if (message.id.startsWith("chsk/")) return;
    const { source, replyFailed } = inside(message);
    replyFailed?.(UNHANDLED);
    const { onUnhandled } = options;
    if (onUnhandled !== undefined) {
      guarded(
        () => onUnhandled(message),
        (error) => source.report(error, { source: "onUnhandled", id: message.id }),
      );
    } else if (!warned.has(message.id) && warned.size < MAX_WARNED) {
      warned.add(message.id);
      source.warn(`sente-lite: nobody handles ${message.id}; give startRouter a handler for it, or onUnhandled`);
    }
  };

  return receiver.on("*", (message) => {
    const { source, weight, begun } = inside(message);
    let lane = lanes.get(source);
    if (lane === undefined) {
      lane = new Lane(source, concurrency, ({ message: next, ended: done }) => {
        const working = run(handlerOf(next.id), next, unhandled);
        if (working === undefined) done?.();
        return working?.then(done);
      });
      lanes.set(source, lane);
    }
    const ended = begun?.();
    if (!lane.put({ message, ended }, weight)) ended?.();
  });
}

/** A message that waits for its handler, and whom to tell when that has ended. */
interface Held<M> {
  readonly message: M;
  readonly ended: (() => void) | undefined;
}

function inside(message: { readonly id: string }): Message[typeof INSIDE] {
  return (message as Message)[INSIDE];
}

/** Runs a handler; a promise only where it has to be waited for. */
function run<M extends { readonly id: string }>(
  handler: RouterHandler<M> | undefined,
  message: M,
  unhandled: (message: M) => void,
): Promise<void> | undefined {
  try {
    if (handler === undefined) {
      unhandled(message);
      return undefined;
    }
    const result = handler(message);
    if (isThenable(result)) {
      return Promise.resolve(result).then(
        (value) => answer(message, value),
        (error: unknown) => failed(message, error),
      );
    }
    answer(message, result);
  } catch (error) {
    failed(message, error);
  }
  return undefined;
}

function answer(message: { readonly id: string; readonly replyFn?: unknown }, value: unknown): void {
  if (value === undefined || typeof message.replyFn !== "function") return;
  try {
    message.replyFn(value);
  } catch (error) {
    failed(message, error);
  }
}

function failed(message: { readonly id: string }, error: unknown): void {
  const { source, replyFailed } = inside(message);
  source.report(error, { source: "handler", id: message.id });
  replyFailed?.(failureOf(error));
}

/** What the peer is told: of a `ReplyError` all, of any other error nothing. */
export function failureOf(error: unknown): ReplyFailure {
  if (error instanceof ReplyError) return { code: error.code, message: error.message, data: error.data };
  return { code: "error", message: "the handler failed", data: null };
}
