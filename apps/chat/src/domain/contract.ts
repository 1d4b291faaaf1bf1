import { type Contract, defineContract, event, type StandardSchema } from "@sente-lite/protocol";
import type { Joined, Message, PushedEvent } from "./events.ts";
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
function made<T>(): StandardSchema<T> {
  return { "~standard": { version: 1, vendor: "chat", validate: (value) => ({ value: value as T }) } };
}

// Before readers normalise it, a text may be longer than it is then.
const name = 4 * MAX_NAME_LENGTH;
const room = MAX_ROOM_NAME_LENGTH;
const text = 2 * MAX_TEXT_LENGTH;

type Pushed = { readonly [E in PushedEvent as E[0]]: E[1] };

const toClient = {
  "chat/message": event<Pushed["chat/message"]>(),
  "chat/here": event<Pushed["chat/here"]>(),
  "chat/gone": event<Pushed["chat/gone"]>(),
  "chat/said": event<Pushed["chat/said"]>(),
  "chat/typing": event<Pushed["chat/typing"]>(),
  "chat/rooms": event<Pushed["chat/rooms"]>(),
};

const toServer = {
  "chat/join": event({ data: strings({ room }), reply: made<Joined>() }),
  "chat/leave": event({ reply: made<true>() }),
  "chat/rename": event({ data: strings({ name }), reply: made<{ readonly name: string }>() }),
  "chat/send": event({ data: strings({ room, id: MAX_ID_LENGTH, text }), reply: made<Message>() }),
  "chat/typing": event({ data: strings({ room }), reply: made<true>() }),
};

/** What clients may ask, and what they are told. */
export type ChatContract = Contract<typeof toServer, typeof toClient>;
export const chatContract: ChatContract = defineContract({ toServer, toClient });
