import type { Codec } from "../codecs/codec.ts";
import { UsageError } from "../errors.ts";
import { RoomPatterns } from "../rooms/room-patterns.ts";
import type { InputOf, StandardSchema } from "../standard-schema.ts";
import { checkId } from "../wire/event.ts";
import type { Contract, DataOf, EventMap, EventSpec, ReplyOf, RoomEventMap } from "./events.ts";
import { Gate } from "./gate.ts";
import { MAKE_GATE, type MakeGate } from "./gate-of.ts";
import type { FreeKeyProblem, JsonProblem } from "./sendable.ts";

/**
 * An event of a contract. `event<Data, Reply>()` gives it types; `event({ data, reply })` gives it validators of Standard
 * Schema (zod, valibot, ...), which also check what arrives. Leave the reply out where none is wanted, and `event()` has
 * no data either.
 */
export function event(): EventSpec;
export function event<Data, Reply = never>(): EventSpec<Data, Reply>;
export function event<
  Data extends StandardSchema | undefined = undefined,
  Reply extends StandardSchema | undefined = undefined,
>(schemas: {
  readonly data?: Data;
  readonly reply?: Reply;
}): EventSpec<Data, [Reply] extends [undefined] ? never : Reply>;
export function event({
  data,
  reply,
}: {
  readonly data?: StandardSchema;
  readonly reply?: StandardSchema;
} = {}): EventSpec<unknown, unknown> {
  return { data: validator(data), reply: validator(reply) };
}

/**
 * Makes a contract of events in both directions, for the option `contract` of servers and clients. Ids are namespaced,
 * `"chat/send"`, and not in the protocol's own namespace, `chsk`. With a `codec` both sides speak that one alone, and where
 * it is json, data may have free string keys: `Record<string, number>`.
 * @throws {UsageError} `bad-contract`, `bad-event-id`, `reserved-event-id`, `bad-room-pattern`; most are compile errors before.
 */
export function defineContract<
  ToServer extends EventMap = Record<never, never>,
  ToClient extends EventMap = Record<never, never>,
  Rooms extends RoomEventMap = Record<never, never>,
  K extends Codec | undefined = undefined,
>(events: {
  readonly toServer?: SoundEvents<ToServer, K>;
  readonly toClient?: SoundEvents<ToClient, K>;
  /** The events of rooms by the pattern of their names: all who are in one get them, and send them into it. */
  readonly rooms?: { readonly [Pattern in keyof Rooms]: SoundEvents<Rooms[Pattern], K> };
  /** What both sides speak, where the contract is for one codec. */
  readonly codec?: K;
}): Contract<ToServer, ToClient, Rooms> {
  const { toServer = {}, toClient = {} } = events;
  checkEvents(toServer);
  checkEvents(toClient);
  const rooms = freezeRooms(events.rooms ?? {});
  const patterns = new RoomPatterns(Object.entries(rooms));
  const contract = {
    toServer: Object.freeze({ ...toServer }),
    toClient: Object.freeze({ ...toClient }),
    rooms,
    ...(events.codec !== undefined && { codec: checkCodec(events.codec) }),
  } as unknown as Contract<ToServer, ToClient, Rooms>;
  const eventsOf = (room: string) => patterns.find(room) ?? contract.toClient;
  const makeGate: MakeGate = (side) =>
    side === "server"
      ? new Gate(contract.toServer, contract.toClient, eventsOf)
      : new Gate(contract.toClient, contract.toServer, eventsOf);
  Object.defineProperty(contract, MAKE_GATE, { value: makeGate });
  return Object.freeze(contract);
}

function freezeRooms(rooms: object): RoomEventMap {
  const entries = Object.entries(rooms).map(([pattern, events]) => {
    checkEvents(events);
    return [pattern, Object.freeze({ ...events })] as const;
  });
  return Object.freeze(Object.fromEntries(entries));
}

function checkCodec(codec: unknown): Codec {
  const { name, encode, decode } = (codec ?? {}) as Partial<Codec>;
  if (typeof name === "string" && typeof encode === "function" && typeof decode === "function") return codec as Codec;
  throw new UsageError(
    "bad-contract",
    "the codec of a contract is an object such as json, or what createEdn() returned",
  );
}

function checkEvents(events: object): void {
  for (const [id, spec] of Object.entries(events)) {
    checkId(id);
    if (typeof spec !== "object" || spec === null || !("data" in spec && "reply" in spec)) {
      throw new UsageError("bad-contract", `${id} of a contract is made with event()`);
    }
  }
}

function validator(schema: StandardSchema | undefined): StandardSchema | undefined {
  if (schema !== undefined && typeof schema["~standard"]?.validate !== "function") {
    throw new UsageError("bad-contract", "data and reply of event() are validators of Standard Schema, as zod's");
  }
  return schema;
}

// What the compiler checks. The type of an event with a problem is the text of the problem, which no event fits.

type SoundEvents<Events, K> = { readonly [Id in keyof Events]: SoundEvent<Id, Events[Id], K> };

type SoundEvent<Id, Spec, K> = [EventProblem<Id, Spec, K>] extends [never] ? Spec : `${EventProblem<Id, Spec, K>}`;

type EventProblem<Id, Spec, K> = string extends Id
  ? never
  : IdProblem<Id> | ReplyProblem<InputOf<ReplyOf<Spec>>> | CodecProblem<Spec, K>;

/** json has objects with any keys, and no types beside those of JSON; the keys of all other codecs' objects are keywords. */
type CodecProblem<Spec, K> = K extends { readonly name: "json" }
  ? JsonProblem<DataOf<Spec>, "data"> | JsonProblem<ReplyOf<Spec>, "reply">
  : FreeKeyProblem<InputOf<DataOf<Spec>>, "data"> | FreeKeyProblem<InputOf<ReplyOf<Spec>>, "reply">;

type IdProblem<Id> = Id extends `chsk/${string}`
  ? "the namespace chsk is the protocol's own: choose another for this event"
  : Id extends `${infer _Namespace}/${infer _Name}`
    ? never
    : 'the id of an event is a namespaced name, as "chat/send"';

type ReplyProblem<Reply> = [Reply] extends [never]
  ? never
  : unknown extends Reply
    ? never
    : UndefinedIn<Reply> extends true
      ? "a reply is never undefined, which is no reply: make it null"
      : never;

/** True where the type has undefined among its values. With `strictNullChecks` off every type has, so it is false then. */
type UndefinedIn<T> = undefined extends string ? false : undefined extends T ? true : false;

/** A codec that can carry the contract, or the text that says why it cannot. */
export type CodecFor<C, K> = K extends { readonly name: infer Name }
  ? Extract<Name, "json"> extends never
    ? K
    : [JsonProblems<C>] extends [never]
      ? K
      : `${JsonProblems<C>}; give it a schema, or take another codec`
  : K;

/** The same for a list of codecs. */
export type CodecsFor<C, Codecs> = { readonly [I in keyof Codecs]: CodecFor<C, Codecs[I]> };

type JsonProblems<C> =
  C extends Contract<infer ToServer, infer ToClient, infer Rooms>
    ? EventsJsonProblem<ToServer> | EventsJsonProblem<ToClient> | EventsJsonProblem<Rooms[keyof Rooms]>
    : never;

type EventsJsonProblem<Events> = {
  [Id in keyof Events & string]:
    | JsonProblem<DataOf<Events[Id]>, `${Id}: data`>
    | JsonProblem<ReplyOf<Events[Id]>, `${Id}: reply`>;
}[keyof Events & string];
