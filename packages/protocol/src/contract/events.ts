import type { Codec } from "../codecs/codec.ts";
import type { StandardSchema } from "../standard-schema.ts";

/**
 * What one event carries; made with `event`. `Data` and `Reply` are types of values, or of the validators that check
 * them on arrival. `undefined` is no data, `never` no reply.
 */
export interface EventSpec<Data = undefined, Reply = never> {
  readonly data: StandardSchema | undefined;
  readonly reply: StandardSchema | undefined;
  /** For the compiler only; nothing is there. */
  readonly "~types"?: { readonly data: Data; readonly reply: Reply } | undefined;
}

/** The events of one direction of a contract, by id. */
export type EventMap = Readonly<Record<string, EventSpec<unknown, unknown>>>;

/** The events of rooms, by the pattern of their names: `"lobby"`, `"chat/*"`. */
export type RoomEventMap = Readonly<Record<string, EventMap>>;

/** Which events go to the server, to its clients, and into rooms; made with `defineContract`. */
export interface Contract<
  ToServer extends EventMap = EventMap,
  ToClient extends EventMap = EventMap,
  Rooms extends RoomEventMap = Record<never, never>,
> {
  readonly toServer: ToServer;
  readonly toClient: ToClient;
  /** Rooms of no pattern carry the events of `toClient`. */
  readonly rooms: Rooms;
  /** The one codec that both sides speak, where it is for one. */
  readonly codec?: Codec | undefined;
}

/** Any contract, or none: the bound of the type parameters named `C`. */
export type AnyContract = Contract<EventMap, EventMap, RoomEventMap>;

/** The type that an event was given for its data: a value's, or a validator's. */
export type DataOf<E> = E extends EventSpec<infer Data, infer _Reply> ? Data : never;
/** The same for its reply; `never` where it has none. */
export type ReplyOf<E> = E extends EventSpec<infer _Data, infer Reply> ? Reply : never;
