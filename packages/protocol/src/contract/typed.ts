import type { InputOf, OutputOf } from "../standard-schema.ts";
import type { AnyContract, DataOf, EventSpec, ReplyOf } from "./events.ts";

// The types that a contract gives to the events of the public functions and messages (`../api`). Without a contract, `C` is
// undefined, and any event goes.

/**
 * The type of data and replies without a contract. Nothing is known of them, and the compiler lets everything pass, as
 * with the other libraries of the field. A contract lets it find mistakes, and also checks what arrives; `unknown` would
 * only ask for a cast, which checks nothing.
 */
// biome-ignore lint/suspicious/noExplicitAny: it is the point of this type.
export type Unchecked = any;

/** The events of those who gave no contract: any id, with anything. */
type UncheckedEvents = Readonly<Record<string, EventSpec<Unchecked, Unchecked>>>;

/**
 * The events of one direction of a contract; without one, any. The first test comes first since it also works where
 * `strictNullChecks` is off: undefined fits every type there.
 */
export type EventsOf<C, Direction extends "toServer" | "toClient"> = [C] extends [undefined]
  ? UncheckedEvents
  : C extends AnyContract
    ? C[Direction]
    : UncheckedEvents;

/** The names that fit a pattern. */
export type RoomNamed<Pattern> = Pattern extends `${infer Beginning}*` ? `${Beginning}${string}` : Pattern;

/**
 * The events of a room: those of its name, else of the pattern that has it, else those that go to clients. Where the
 * compiler does not know the name, those of all rooms.
 */
export type RoomEventsOf<C, Name extends string> = [C] extends [undefined]
  ? UncheckedEvents
  : C extends { readonly rooms: infer Rooms }
    ? string extends Name
      ? EventsOf<C, "toClient"> & EventsOfAll<Rooms>
      : Name extends keyof Rooms
        ? Rooms[Name]
        : [PatternOf<Rooms, Name>] extends [never]
          ? EventsOf<C, "toClient">
          : Rooms[PatternOf<Rooms, Name>]
    : UncheckedEvents;

type EventsOfAll<Rooms> = { readonly [Id in EveryKey<Rooms[keyof Rooms]>]: EventIn<Rooms[keyof Rooms], Id> };
type EveryKey<T> = T extends unknown ? keyof T : never;
type EventIn<T, Id> = T extends unknown ? (Id extends keyof T ? T[Id] : never) : never;

type PatternOf<Rooms, Name extends string> = {
  [Pattern in keyof Rooms]: Name extends RoomNamed<Pattern> ? Pattern : never;
}[keyof Rooms];

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
export type AskedEvent<Events, Id extends keyof Events & string> = readonly [
  id: [ReplyOf<Events[Id]>] extends [never] ? `${Id} has no reply in the contract: use sendFn` : Id,
  ...data: DataPart<InputOf<DataOf<Events[Id]>>>,
];

export type WithOwn<Events, Own> = string extends keyof Events ? Events : Events & Own;
