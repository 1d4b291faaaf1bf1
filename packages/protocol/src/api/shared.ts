// What servers and clients have in common.
// Every function is a property that can be taken off its object; none uses `this`.

declare global {
  // As TypeScript's own "esnext.disposable" has it, for projects that do not name that lib.
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol;
  }
}

/** A value that changes. `get()` returns the same frozen object until it does; `subscribe` does not call at once. */
export interface Watchable<T> {
  readonly get: () => T;
  /** Calls `fn` after each change; returns the function that ends the subscription. */
  readonly subscribe: (fn: (next: T, previous: T) => void) => () => void;
}

/**
 * Where messages arrive. Until its first consumer comes, up to `maxReceived` of them wait.
 * A listener that throws is reported on the error channel; the others still run.
 */
export interface Receiver<M extends { readonly id: string }, Ids extends string = M["id"]> extends AsyncIterable<M> {
  /** Calls `fn` for each message with that id (`"*"`: every message), in order; returns the function that stops it. */
  readonly on: Listen<M, Ids>;
  /** Like `on`, for the next such message only. */
  readonly once: Listen<M, Ids>;
}

// No condition is on M, so that a receiver of messages that tell more is a receiver of those that tell less: a function
// that takes any server takes one that has a context, and users with ids.
type Listen<M, Ids extends string> = string extends Ids
  ? (id: string, fn: (message: M) => void) => () => void
  : <Id extends Ids | "*">(id: Id, fn: (message: M & WithId<Id>) => void) => () => void;

type WithId<Id> = Id extends "*" ? unknown : { readonly id: Id };

/** The messages with that id (`"*"`: all); without a contract, any message. */
export type MessageOf<M extends { readonly id: string }, Id> = string extends M["id"]
  ? M
  : Id extends "*"
    ? M
    : Extract<M, { readonly id: Id }>;

/**
 * How messages are compressed on connections whose peer can do it too (permessage-deflate, RFC 7692): each by itself, so
 * that nothing is kept for a connection between its messages.
 */
export interface Compression {
  /** Smaller messages are sent as they are. Default 1,024. */
  readonly thresholdBytes?: number;
}

/** A value, or a promise of it: the user's functions may be asynchronous. */
export type MaybePromise<T> = T | Promise<T>;

/** Options of `sendFn`, of a client and of its rooms. */
export interface SendOptions {
  /**
   * True for what is worth nothing later, as who types: sent at once, or not at all where there is no connection or what
   * was sent before still waits; never sent again. False then says that it was left out.
   */
  readonly volatile?: boolean;
}
