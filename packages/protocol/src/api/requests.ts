import type { ReplyOf } from "../contract/events.ts";
import type { AskedEvent, Unchecked } from "../contract/typed.ts";
import type { ReplyError } from "../errors.ts";
import type { SenteEvent } from "../event.ts";
import type { OutputOf } from "../standard-schema.ts";
import type { To, ToClientId } from "./to.ts";

// Requests, which clients and servers make of each other.

/** Options of `requestFn` and `requestAllFn`. */
export interface RequestOptions {
  /** How long to wait for the reply; 0: for ever. Default: the option `requestTimeoutMs` of the client or server. */
  readonly timeoutMs?: number;
  /** Gives the request up; it rejects with the signal's reason. */
  readonly signal?: RequestSignal;
}

/** The part of the web's `AbortSignal` that is promised on every runtime. */
export interface RequestSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** How a request to one of several clients ended: its reply, or the error that `requestFn` would reject with. */
export type Answered<Reply = Unchecked> = ToClientId &
  (
    | { readonly status: "fulfilled"; readonly value: Reply }
    | { readonly status: "rejected"; readonly reason: ReplyError }
  );

type Reply<Events, Id extends keyof Events> = OutputOf<ReplyOf<Events[Id]>>;

/** Asks the server; `Events` are those that go there. */
export type RequestFn<Events> = string extends keyof Events
  ? (event: SenteEvent, options?: RequestOptions) => Promise<Unchecked>
  : <Id extends keyof Events & string>(
      event: AskedEvent<Events, Id>,
      options?: RequestOptions,
    ) => Promise<Reply<Events, Id>>;

/** Asks one client; `Events` are those that go to clients. */
export type ClientRequestFn<Events> = string extends keyof Events
  ? (to: ToClientId, event: SenteEvent, options?: RequestOptions) => Promise<Unchecked>
  : <Id extends keyof Events & string>(
      to: ToClientId,
      event: AskedEvent<Events, Id>,
      options?: RequestOptions,
    ) => Promise<Reply<Events, Id>>;

/** Asks several clients. */
export type ClientRequestAllFn<Events> = string extends keyof Events
  ? (to: To, event: SenteEvent, options?: RequestOptions) => Promise<readonly Answered[]>
  : <Id extends keyof Events & string>(
      to: To,
      event: AskedEvent<Events, Id>,
      options?: RequestOptions,
    ) => Promise<readonly Answered<Reply<Events, Id>>[]>;
