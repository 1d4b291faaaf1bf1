import { UsageError } from "../errors.ts";
import { checkId } from "../wire/event.ts";
import { Gate } from "./gate.ts";
import { INSIDE_CONTRACT, type MakeGate } from "./inside.ts";
import type { FreeKeyProblem, JsonProblem } from "./sendable.ts";
import type { InputOf, StandardSchema } from "./standard-schema.ts";

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

/** Which events go to the server, and which to its clients; made with `defineContract`. */
export interface Contract<ToServer extends EventMap = EventMap, ToClient extends EventMap = EventMap> {
  readonly toServer: ToServer;
  readonly toClient: ToClient;
}

/** Any contract, or none: the bound of the type parameters named `C`. */
export type AnyContract = Contract<EventMap, EventMap>;

/** The type that an event was given for its data: a value's, or a validator's. */
export type DataOf<E> = E extends EventSpec<infer Data, infer _Reply> ? Data : never;
/** The same for its reply; `never` where it has none. */
export type ReplyOf<E> = E extends EventSpec<infer _Data, infer Reply> ? Reply : never;

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
}): EventSpec<Data extends StandardSchema ? Data : undefined, Reply extends StandardSchema ? Reply : never>;
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
 * `"chat/send"`, and not in the protocol's own namespace, `chsk`.
 * @throws {UsageError} `bad-contract`, `bad-event-id`, `reserved-event-id`; most are compile errors before.
 */
export function defineContract<
  ToServer extends EventMap = Record<never, never>,
  ToClient extends EventMap = Record<never, never>,
>(events: {
  readonly toServer?: SoundEvents<ToServer>;
  readonly toClient?: SoundEvents<ToClient>;
}): Contract<ToServer, ToClient> {
  const { toServer = {}, toClient = {} } = events;
  checkEvents(toServer);
  checkEvents(toClient);
  const contract = { toServer: Object.freeze({ ...toServer }), toClient: Object.freeze({ ...toClient }) } as Contract<
    ToServer,
    ToClient
  >;
  const makeGate: MakeGate = (side) =>
    side === "server" ? new Gate(contract.toServer, contract.toClient) : new Gate(contract.toClient, contract.toServer);
  Object.defineProperty(contract, INSIDE_CONTRACT, { value: makeGate });
  return Object.freeze(contract);
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

// What the compiler checks: an event with a problem has the problem's text for its type, and nothing fits that.

type SoundEvents<Events> = { readonly [Id in keyof Events]: SoundEvent<Id, Events[Id]> };

type SoundEvent<Id, Spec> = [EventProblem<Id, Spec>] extends [never] ? Spec : `${EventProblem<Id, Spec>}`;

type EventProblem<Id, Spec> = string extends Id
  ? never
  :
      | IdProblem<Id>
      | FreeKeyProblem<InputOf<DataOf<Spec>>, "data">
      | FreeKeyProblem<InputOf<ReplyOf<Spec>>, "reply">
      | ReplyProblem<InputOf<ReplyOf<Spec>>>;

type IdProblem<Id> = Id extends `chsk/${string}`
  ? "the namespace chsk is the protocol's own: choose another for this event"
  : Id extends `${infer _Namespace}/${infer _Name}`
    ? never
    : 'the id of an event is a namespaced name, as "chat/send"';

type ReplyProblem<Reply> = [Reply] extends [never]
  ? never
  : unknown extends Reply
    ? never
    : undefined extends Reply
      ? "a reply is never undefined, which is no reply: make it null"
      : never;

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
  C extends Contract<infer ToServer, infer ToClient>
    ? EventsJsonProblem<ToServer> | EventsJsonProblem<ToClient>
    : never;

type EventsJsonProblem<Events> = {
  [Id in keyof Events & string]:
    | JsonProblem<DataOf<Events[Id]>, `${Id}: data`>
    | JsonProblem<ReplyOf<Events[Id]>, `${Id}: reply`>;
}[keyof Events & string];
