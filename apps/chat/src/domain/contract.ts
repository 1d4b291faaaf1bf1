import { type Contract, defineContract, event, type StandardSchema } from "@sente-lite/protocol";
import type { Message, Told } from "./events.ts";
import { MAX_ID_LENGTH, MAX_NAME_LENGTH, MAX_ROOM_NAME_LENGTH, MAX_TEXT_LENGTH } from "./limits.ts";

// The contract of the chat, which its servers hold: what is of another kind, or larger, goes no further. What a name or
// a text has to be beside that is for the steps to judge, which answer with a code.

/** A validator of strings, each of at most so many UTF-16 units; of what there is beside them, nothing is kept. */
function strings<const Field extends string>(
  limits: Readonly<Record<Field, number>>,
): StandardSchema<Readonly<Record<Field, string>>> {
  const fields = Object.entries(limits) as [Field, number][];
  return {
    "~standard": {
      version: 1,
      vendor: "chat",
      validate: (value) => {
        const given: Readonly<Record<string, unknown>> =
          typeof value === "object" && value !== null ? { ...value } : {};
        const read: Partial<Record<Field, string>> = {};
        for (const [field, limit] of fields) {
          const text = given[field];
          if (typeof text !== "string") return { issues: [{ message: "a text is wanted", path: [field] }] };
          if (text.length > limit) return { issues: [{ message: `at most ${limit} characters`, path: [field] }] };
          read[field] = text;
        }
        return { value: read as Readonly<Record<Field, string>> };
      },
    },
  };
}

/** The type of a reply, which we make ourselves and do not check. */
function createUnchecked<T>(): StandardSchema<T> {
  return { "~standard": { version: 1, vendor: "chat", validate: (value) => ({ value: value as T }) } };
}

// Before readers normalise it, a text may be longer than it is then.
const name = 4 * MAX_NAME_LENGTH;
const room = MAX_ROOM_NAME_LENGTH;
const text = 2 * MAX_TEXT_LENGTH;

type Pushed = { readonly [E in Told as E[0]]: E[1] };

const toClient = {
  "chat/there": event<void, boolean>(),
  "chat/welcome": event<Pushed["chat/welcome"]>(),
  "chat/person": event<Pushed["chat/person"]>(),
  "chat/said": event<Pushed["chat/said"]>(),
  "chat/rooms": event<Pushed["chat/rooms"]>(),
  /** Of a server, to all servers: tell what you know. */
  "chat/asked": event<void>(),
};

const toServer = {
  "chat/there": event({ data: strings({ uid: MAX_ID_LENGTH }), reply: createUnchecked<boolean>() }),
  "chat/hello": event({ data: strings({ room }), reply: createUnchecked<true>() }),
  "chat/rename": event({ data: strings({ name }), reply: createUnchecked<{ readonly name: string }>() }),
  "chat/send": event({ data: strings({ room, id: MAX_ID_LENGTH, text }), reply: createUnchecked<Message>() }),
};

const rooms = { "chat/*": { "chat/message": event<Message>(), "chat/typing": event() } };

/** What clients may ask, what they are told, and what goes through rooms. */
export type ChatContract = Contract<typeof toServer, typeof toClient, typeof rooms>;
export const chatContract: ChatContract = defineContract({ toServer, toClient, rooms });
