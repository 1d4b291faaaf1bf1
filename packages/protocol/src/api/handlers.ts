import type { MaybePromise, MessageOf } from "./shared.ts";

// What routers take, on servers and clients.

/** What a router's handler returns is the reply where one is wanted; a `ReplyError` refuses the request. */
export type RouterHandler<M> = (message: M) => unknown;

/** The handler of an event that has a reply in the contract. */
export type Replying<Reply, M> = (message: M) => MaybePromise<Reply>;

/** The handler of an event that has none. */
export type NotReplying<M> = (message: M) => NoReply;

/** Stands for the reply of an event that has none in the contract. */
export type NoReply = void | Promise<void>;

/** The handler of that message, with the reply of its contract. */
export type HandlerOf<M> = "replyFn" extends keyof M
  ? M extends { readonly replyFn?: ((value: infer Reply) => boolean) | undefined }
    ? Replying<Reply, M>
    : never
  : NotReplying<M>;

/** What a router takes: one function for all, or a handler for each id, `"*"` for the rest. */
export type Handlers<Ids extends string, M extends { readonly id: string }> = RouterHandler<M> | HandlerMap<Ids, M>;

/** Handlers by event id, as the contract has them: an event that has a reply needs one. */
export type HandlerMap<Ids extends string, M extends { readonly id: string }> = string extends M["id"]
  ? Readonly<Record<string, RouterHandler<M>>>
  : { readonly [Id in Ids]?: Id extends "*" ? RouterHandler<M> : HandlerOf<MessageOf<M, Id>> };

/**
 * Is called for each message before its handler, the protocol's own events included. `next()` calls the next interceptor,
 * and after the last one the handler. It resolves, when that has ended, to the reply: what the handler returned, or gave to
 * `replyFn` (which is then sent already, and cannot be replaced); a `ReplyError` where the request was refused, with the
 * code `unhandled` where nobody handles the event. It rejects with what the handler threw, and throws `UsageError`
 * where it was called before (`next-called-twice`), where the interceptor has ended (`next-too-late`), and where it is given
 * a message (`bad-argument`): all are given the message as it came.
 *
 * What the interceptor returns, or its promise resolves to, is the reply in place of that one; `undefined` leaves all as it
 * is. A `ReplyError` refuses. One that ends without `next()` or a reply leaves the event out: a request is answered
 * `unhandled`. What it throws is reported on the error channel (source `interceptor`), and answered as a handler's error.
 */
export type Interceptor<M> = (message: M, next: () => Promise<unknown>) => unknown;

/** Options of `startRouter`. */
export interface RouterOptions<M> {
  /** Handlers of one connection that may run side by side. Default 1. They start in order in any case. */
  readonly concurrency?: number;
  /** Takes events that the map has no handler for. Default: one warning per id. A waiting request is answered `chsk/error`. */
  readonly onUnhandled?: (message: M) => void;
  /** Functions around every handler, the first outermost: logging, timing, who may do what, limits. Default: none. */
  readonly use?: readonly Interceptor<M>[];
}
