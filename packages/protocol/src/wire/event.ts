import type { Codec } from "../codecs/codec.ts";
import { EncodeError, UsageError } from "../errors.ts";
import type { SenteEvent } from "../event.ts";
import { MAX_EVENT_ID_LENGTH } from "../limits.ts";
import { isKw, kw } from "../values/keyword.ts";
import { isKeywordName } from "../values/keyword-name.ts";

// Events and their ids (PROTOCOL.md section 2).

/** True for `"ns/name"`: what an event id must be, on the wire a namespaced keyword. Bounded: ids go into maps and logs. */
export function isEventId(id: unknown): id is string {
  return typeof id === "string" && id.length <= MAX_EVENT_ID_LENGTH && id.indexOf("/") > 0 && isKeywordName(id);
}

/** True for ids that belong to the protocol: `chsk/...`. */
export function isProtocolId(id: string): boolean {
  return id.startsWith("chsk/");
}

/**
 * Checks an event that the application sends and returns a copy of its tuple: `[id]` or `[id, data]`.
 * Throws `UsageError` `bad-event-id`, `reserved-event-id` or `bad-event`.
 */
export function checkEvent(event: SenteEvent): SenteEvent {
  if (!Array.isArray(event) || event.length < 1 || event.length > 2) {
    throw new UsageError("bad-event", 'an event is ["ns/name"] or ["ns/name", data]');
  }
  const [id, data] = event as SenteEvent;
  checkId(id);
  return data === undefined ? [id] : [id, data];
}

/** Checks the id of an event of the application. Throws `UsageError` `bad-event-id` or `reserved-event-id`. */
export function checkId(id: unknown): void {
  if (!isEventId(id)) {
    const what = `a namespaced name as "chat/message", of at most ${MAX_EVENT_ID_LENGTH} characters`;
    throw new UsageError("bad-event-id", `an event id is ${what}, not ${describe(id)}`);
  }
  if (isProtocolId(id)) throw new UsageError("reserved-event-id", `the namespace of ${id} is the protocol's own`);
}

function describe(id: unknown): string {
  return typeof id === "string" ? JSON.stringify(id.slice(0, 80)) : typeof id;
}

/** Writes an event as a value of the wire: its id is a keyword, or a string in codecs without keywords. */
export function writeEvent(event: SenteEvent, codec: Codec): readonly unknown[] {
  const id = writeId(event[0], codec);
  return event.length === 1 ? [id] : [id, event[1]];
}

/** Writes an event that is a part of another one's data: its id is a keyword, which json writes as a string. */
export function writeInnerEvent([id, ...data]: SenteEvent): readonly unknown[] {
  return [kw(id), ...data];
}

/** Reads an event in the data of another one; undefined for anything else, and for the protocol's own events. */
export function readInnerEvent(value: unknown, stringIds: boolean): SenteEvent | undefined {
  const event = readEvent(value, stringIds);
  return event === undefined || isProtocolId(event[0]) ? undefined : event;
}

/** Writes an event's id as a value of the wire: a keyword, or a string with json. */
export function writeId(id: string, codec: Codec): unknown {
  return codec.stringIds ? id : kw(id);
}

/** The id that a value of the wire stands for, where it is one: a keyword, or with `stringIds` a string. */
export function idOf(value: unknown, stringIds: boolean): string | undefined {
  if (stringIds) return typeof value === "string" ? value : undefined;
  return isKw(value) ? value.fqn : undefined;
}

/** Reads `[id]` or `[id data]`, id namespaced; undefined for anything else. */
export function readEvent(value: unknown, stringIds: boolean): SenteEvent | undefined {
  if (!Array.isArray(value) || value.length < 1 || value.length > 2) return undefined;
  const id = idOf(value[0], stringIds);
  if (id === undefined || !isEventId(id)) return undefined;
  return value.length === 1 ? [id] : [id, value[1]];
}

/** Returns the error; an `EncodeError` with the name of the event before its message. */
export function addEventName(error: unknown, id: string): unknown {
  return error instanceof EncodeError ? error.within(0, id) : error;
}
