import type { Event } from "../api.ts";
import type { Codec } from "../codecs/codec.ts";
import { EncodeError, UsageError } from "../errors.ts";
import { isKw, kw } from "../values/keyword.ts";
import { isKeywordName } from "../values/keyword-name.ts";

// Events and their ids (PROTOCOL.md section 2).

/** True for `"ns/name"`: what an event id must be, on the wire a namespaced keyword. */
export function isEventId(id: unknown): id is string {
  return typeof id === "string" && id.indexOf("/") > 0 && isKeywordName(id);
}

/** True for ids that belong to the protocol: `chsk/...`. */
export function isProtocolId(id: string): boolean {
  return id.startsWith("chsk/");
}

/**
 * Checks an event that the application sends and returns a copy of its tuple: `[id]` or `[id, data]`.
 * Throws `UsageError` `bad-event-id`, `reserved-event-id` or `bad-event`.
 */
export function checkedEvent(event: Event): Event {
  if (!Array.isArray(event) || event.length < 1 || event.length > 2) {
    throw new UsageError("bad-event", 'an event is ["ns/name"] or ["ns/name", data]');
  }
  const [id, data] = event as Event;
  checkId(id);
  return data === undefined ? [id] : [id, data];
}

/** Checks the id of an event of the application. Throws `UsageError` `bad-event-id` or `reserved-event-id`. */
export function checkId(id: unknown): void {
  if (!isEventId(id)) {
    throw new UsageError("bad-event-id", `an event id is a namespaced name as "chat/message", not ${describe(id)}`);
  }
  if (isProtocolId(id)) throw new UsageError("reserved-event-id", `the namespace of ${id} is the protocol's own`);
}

function describe(id: unknown): string {
  return typeof id === "string" ? JSON.stringify(id.slice(0, 80)) : typeof id;
}

/** The event as a value of the wire: its id is a keyword, or a string in codecs without keywords. */
export function wireEvent(event: Event, codec: Codec): readonly unknown[] {
  const id = wireId(event[0], codec);
  return event.length === 1 ? [id] : [id, event[1]];
}

/** An event's id as the codec writes it: a keyword, or with json a string. */
export function wireId(id: string, codec: Codec): unknown {
  return codec.stringIds ? id : kw(id);
}

/** The id that a value of the wire stands for, where it is one: a keyword, or with `stringIds` a string. */
export function idOf(value: unknown, stringIds: boolean): string | undefined {
  if (stringIds) return typeof value === "string" ? value : undefined;
  return isKw(value) ? value.fqn : undefined;
}

/** Reads `[id]` or `[id data]`, id namespaced; undefined for anything else. */
export function readEvent(value: unknown, stringIds: boolean): Event | undefined {
  if (!Array.isArray(value) || value.length < 1 || value.length > 2) return undefined;
  const id = idOf(value[0], stringIds);
  if (id === undefined || !isEventId(id)) return undefined;
  return value.length === 1 ? [id] : [id, value[1]];
}

/** The error, where it is an `EncodeError` with the name of the event before it. */
export function inEvent(error: unknown, id: string): unknown {
  return error instanceof EncodeError ? error.within(0, id) : error;
}
