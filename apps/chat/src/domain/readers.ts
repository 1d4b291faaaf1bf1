import type { Message, Person, RoomSummary, Welcome } from "./events.ts";
import { MAX_LIST, MAX_NAME_LENGTH, MAX_ROOM_NAME_LENGTH, MAX_RUNTIMES, MAX_TEXT_LENGTH } from "./limits.ts";

// What comes from a peer is unknown until it was read here. A reader returns undefined for what it refuses.

/** Control characters, halves of surrogate pairs, and what turns the direction of the text that follows. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069]/gu;
const UNPRINTABLE_BUT_LINES = /(?![\n\t])[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069]/gu;
/** Orders to a terminal, such as colours, titles, and links. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be found
const ESCAPES = /\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?/g;
const VISIBLE = /(?![\p{Default_Ignorable_Code_Point}\u2800])[\p{L}\p{N}\p{P}\p{S}]/u;
const ROOM_NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}-]*$/u;
const ID = /^[\w.:-]{1,64}$/;
const RUNTIME = /^[a-z][a-z0-9-]{0,15}$/;

export function readName(value: unknown): string | undefined {
  // Long before it is normalised, which costs time for each character.
  if (typeof value !== "string" || value.length > 4 * MAX_NAME_LENGTH) return undefined;
  const name = value.normalize("NFC").replace(ESCAPES, "").replace(/\s+/gu, " ").replace(UNPRINTABLE, "").trim();
  return name.length <= MAX_NAME_LENGTH && VISIBLE.test(name) ? name : undefined;
}

export function readText(value: unknown): string | undefined {
  if (typeof value !== "string" || value.length > 2 * MAX_TEXT_LENGTH) return undefined;
  const text = value.replace(ESCAPES, "").replaceAll("\r\n", "\n").replace(UNPRINTABLE_BUT_LINES, "").trimEnd();
  return text.length <= MAX_TEXT_LENGTH && VISIBLE.test(text) ? text : undefined;
}

export function readRoomName(value: unknown): string | undefined {
  if (typeof value !== "string" || value.length > MAX_ROOM_NAME_LENGTH) return undefined;
  const name = value.normalize("NFC").trim().toLowerCase();
  return name.length <= MAX_ROOM_NAME_LENGTH && ROOM_NAME.test(name) ? name : undefined;
}

export function readId(value: unknown): string | undefined {
  return typeof value === "string" && ID.test(value) ? value : undefined;
}

export function readRuntime(value: unknown): string | undefined {
  return typeof value === "string" && RUNTIME.test(value) ? value : undefined;
}

export function readCount(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** The fields of an object; of anything else, none. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

// What a server sends is read too: it may be of another version, or not be this chat at all.

export function readMessage(value: unknown): Message | undefined {
  const fields = fieldsOf(value);
  const [id, uid, name] = [readId(fields.id), readId(fields.uid), readName(fields.name)];
  const [text, runtime] = [readText(fields.text), readRuntime(fields.runtime) ?? "unknown"];
  const at = typeof fields.at === "number" && Number.isSafeInteger(fields.at) ? fields.at : undefined;
  if (id === undefined || uid === undefined || name === undefined || text === undefined || at === undefined) {
    return undefined;
  }
  return { id, uid, name, runtime, text, at };
}

export function readPerson(value: unknown): Person | undefined {
  const fields = fieldsOf(value);
  const [uid, name] = [readId(fields.uid), readName(fields.name)];
  if (uid === undefined || name === undefined) return undefined;
  const runtimes = readList(fields.runtimes, MAX_RUNTIMES, readRuntime);
  const node = readRuntime(fields.node);
  return { uid, name, runtimes, ...(node === undefined ? {} : { node }) };
}

export function readRooms(value: unknown): readonly RoomSummary[] {
  return readList(value, MAX_LIST, (room) => {
    const { name: given, people, said } = fieldsOf(room);
    const name = readRoomName(given);
    if (name === undefined || typeof people !== "number") return undefined;
    return { name, people, said: readCount(said) ?? 0 };
  });
}

export function readWelcome(value: unknown): Welcome {
  const { people, rooms } = fieldsOf(value);
  return { people: readList(people, MAX_LIST, readPerson), rooms: readRooms(rooms) };
}

function readList<T>(value: unknown, most: number, read: (item: unknown) => T | undefined): readonly T[] {
  if (!Array.isArray(value)) return [];
  return value
    .slice(0, most)
    .map(read)
    .filter((item) => item !== undefined);
}
