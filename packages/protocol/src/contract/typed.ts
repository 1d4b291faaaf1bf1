import type { Event, HandlerMap, Pushed, PushOptions, ServerEvent, ServerMessage, To } from "../api.ts";
import type { CallbackReply, ClientMessage, ClientState, RequestOptions } from "../client-api.ts";
import type { AnyContract, DataOf, EventMap, EventSpec, ReplyOf } from "./contract.ts";
import type { InputOf, OutputOf } from "./standard-schema.ts";

// What a contract makes of the public functions and messages. Without one, `C` is undefined and all is as ever.

/** As in `event<void, Reply>()`. */
type Void = ReturnType<() => void>;

/** What comes after the id: nothing where there is no data, optional where it may be undefined. */
type DataPart<Data> = unknown extends Data
  ? [data?: Data]
  : [Data] extends [Void]
    ? [data?: undefined]
    : undefined extends Data
      ? [data?: Data]
      : [data: Data];

/** The event `[id, data]` as its sender writes it. */
export type SentEvent<Events, Id extends keyof Events> = readonly [
  id: Id,
  ...data: DataPart<InputOf<DataOf<Events[Id]>>>,
];

/** The event `[id, data]` as it is delivered. */
export type ReceivedEvent<Events, Id> = readonly [id: Id, ...data: DataPart<ReceivedData<Events, Id>>];

export type ReceivedData<Events, Id> = Id extends keyof Events ? OutputOf<DataOf<Events[Id]>> : never;

/** The reply to an event as it is sent. */
export type SentReply<Events, Id> = Id extends keyof Events ? InputOf<ReplyOf<Events[Id]>> : never;

/** The event `[id, data]` of a request; for an id without a reply a text that says so, which nothing fits. */
type AskedEvent<Events, Id extends keyof Events & string> = readonly [
  id: [ReplyOf<Events[Id]>] extends [never] ? `${Id} has no reply in the contract: use sendFn` : Id,
  ...data: DataPart<InputOf<DataOf<Events[Id]>>>,
];

/** The protocol's own events, as a server delivers them. */
export type ServerChskEvents = {
  readonly "chsk/uidport-open": EventSpec<string | null>;
  readonly "chsk/uidport-close": EventSpec<string | null>;
  readonly "chsk/ws-ping": EventSpec;
  readonly "chsk/bad-event": EventSpec<unknown>;
};

/** The protocol's own events, as a client delivers them. */
export type ClientChskEvents = {
  readonly "chsk/state": EventSpec<readonly [previous: ClientState, next: ClientState]>;
  readonly "chsk/handshake": EventSpec<
    readonly [uid: string | null, csrfToken: string | null, handshakeData: unknown, isFirst: boolean]
  >;
  readonly "chsk/ws-ping": EventSpec;
  readonly "chsk/bad-event": EventSpec<unknown>;
};

/** All that a server delivers. */
export type ToServer<C> = [C] extends [AnyContract] ? C["toServer"] & ServerChskEvents : EventMap;
/** All that a client delivers. */
export type ToClient<C> = [C] extends [AnyContract] ? C["toClient"] & ClientChskEvents : EventMap;

/** Every message of a server with that contract, told apart by `id`. */
export type ServerMessages<Context = unknown, C extends AnyContract | undefined = undefined> = [C] extends [AnyContract]
  ? {
      [Id in keyof ToServer<C> & string]: [ReplyOf<ToServer<C>[Id]>] extends [never]
        ? ServerEvent<Context, Id, C>
        : ServerMessage<Context, Id, C>;
    }[keyof ToServer<C> & string]
  : ServerMessage<Context>;

/** Every message of a client with that contract, told apart by `id`. */
export type ClientMessages<C extends AnyContract | undefined = undefined> = [C] extends [AnyContract]
  ? { [Id in keyof ToClient<C> & string]: ClientMessage<Id, C> }[keyof ToClient<C> & string]
  : ClientMessage;

/** Handlers of a server's events by id, for maps that are written apart from `startRouter`. */
export type ServerHandlers<Context = unknown, C extends AnyContract | undefined = undefined> = HandlerMap<
  ServerMessages<Context, C>["id"] | "*",
  ServerMessages<Context, C>
>;

/** The same for a client's events. */
export type ClientHandlers<C extends AnyContract | undefined = undefined> = HandlerMap<
  ClientMessages<C>["id"] | "*",
  ClientMessages<C>
>;

/** Pushes to connections of a user. */
export type ServerSendFn<C extends AnyContract | undefined> = [C] extends [AnyContract]
  ? <Id extends keyof C["toClient"] & string>(
      to: To,
      event: SentEvent<C["toClient"], Id>,
      options?: PushOptions,
    ) => Pushed
  : (to: To, event: Event, options?: PushOptions) => Pushed;

/** Pushes to every connection. */
export type BroadcastFn<C extends AnyContract | undefined> = [C] extends [AnyContract]
  ? <Id extends keyof C["toClient"] & string>(
      event: SentEvent<C["toClient"], Id>,
      options?: PushOptions & { readonly except?: To },
    ) => Pushed
  : (event: Event, options?: PushOptions & { readonly except?: To }) => Pushed;

/** Sends to the server; with a callback where the event has a reply. */
export type ClientSendFn<C extends AnyContract | undefined> = [C] extends [AnyContract]
  ? <Id extends keyof C["toServer"] & string>(
      event: SentEvent<C["toServer"], Id>,
      ...asking: [ReplyOf<C["toServer"][Id]>] extends [never] ? [] : Asking<OutputOf<ReplyOf<C["toServer"][Id]>>>
    ) => boolean
  : (event: Event, ...asking: Asking<unknown>) => boolean;

type Asking<Reply> = [timeoutMs?: number, cb?: (reply: CallbackReply<Reply>) => void];

/** Asks the server. */
export type RequestFn<C extends AnyContract | undefined> = [C] extends [AnyContract]
  ? <Id extends keyof C["toServer"] & string>(
      event: AskedEvent<C["toServer"], Id>,
      options?: RequestOptions,
    ) => Promise<OutputOf<ReplyOf<C["toServer"][Id]>>>
  : (event: Event, options?: RequestOptions) => Promise<unknown>;
