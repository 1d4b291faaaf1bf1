import type { Event } from "../api.ts";
import { MAX_CB_ID_LENGTH } from "../limits.ts";
import { idOf, isProtocolId, readEvent } from "./event.ts";

/** What a client's frame says (PROTOCOL.md sections 3 and 4). */
export type ClientFrame =
  | { readonly type: "event"; readonly event: Event; readonly cbId: string | null }
  | { readonly type: "ping"; readonly event: Event; readonly cbId: string | null }
  | { readonly type: "pong"; readonly event: Event }
  /** `count` is whatever the peer sent. Legal only where there is a session (section 6.2). */
  | { readonly type: "ack"; readonly count: unknown; readonly value: unknown }
  | { readonly type: "bad-event"; readonly value: unknown };

/**
 * Reads a frame that a client sent, by shape, whatever form the connection speaks: `[:kw ...]` is a bare event,
 * `[[...] cb]` a wrapped one. A first element alone counts as no cb-id, a third element is ignored (as in Sente).
 */
export function readClientFrame(value: unknown, stringIds: boolean): ClientFrame {
  if (!Array.isArray(value)) return { type: "bad-event", value };
  if (idOf(value[0], stringIds) !== undefined) return judged(value, null, stringIds);
  const cbId: unknown = value[1] ?? null;
  if (cbId !== null && (typeof cbId !== "string" || cbId.length > MAX_CB_ID_LENGTH)) {
    return { type: "bad-event", value };
  }
  const first: unknown = value[0];
  if (cbId === null && Array.isArray(first) && idOf(first[0], stringIds) === "chsk/ack") {
    return { type: "ack", count: first[1], value: first };
  }
  return judged(first, cbId, stringIds);
}

function judged(value: unknown, cbId: string | null, stringIds: boolean): ClientFrame {
  const event = readEvent(value, stringIds);
  if (event === undefined) return { type: "bad-event", value: value ?? null };
  if (!isProtocolId(event[0])) return { type: "event", event, cbId };
  if (event[0] === "chsk/ws-ping") return { type: "ping", event, cbId };
  if (event[0] === "chsk/ws-pong") return { type: "pong", event };
  return { type: "bad-event", value };
}
