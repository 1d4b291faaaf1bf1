import type { SenteEvent } from "../event.ts";
import { MAX_CB_ID_LENGTH } from "../limits.ts";
import { idOf, readEvent } from "./event.ts";
import { isUnderstood, readVolatile } from "./feature-events.ts";
import { type FeatureSet, noFeatures } from "./features.ts";
import { frameTypeOf } from "./frames.ts";
import { type LoginParams, readLoginParams } from "./login-params.ts";

/** What a client's frame says (PROTOCOL.md sections 3 and 4). */
export type ClientFrame =
  | { readonly type: "event"; readonly event: SenteEvent; readonly cbId: string | null }
  | { readonly type: "ping"; readonly event: SenteEvent; readonly cbId: string | null }
  | { readonly type: "pong"; readonly event: SenteEvent }
  /** `count` is whatever the peer sent. Legal only where there is a session (section 6.2). */
  | { readonly type: "ack"; readonly count: unknown; readonly value: unknown }
  /** Without an event where what it holds is none. Read only of a peer that knows the feature (section 6.12). */
  | { readonly type: "volatile"; readonly event: SenteEvent | undefined; readonly value: unknown }
  /** Without `params` where what it holds is none. Read only of a peer that knows the feature (section 1.9). */
  | { readonly type: "refresh"; readonly params: LoginParams | undefined; readonly value: unknown }
  | { readonly type: "bad-event"; readonly value: unknown };

/**
 * Reads a frame that a client sent, by shape, whatever form the connection speaks: `[:kw ...]` is a bare event,
 * `[[...] cb]` a wrapped one. A first element alone counts as no cb-id, a third element is ignored (as in Sente).
 * Of the protocol's own events it knows those of `features`.
 */
export function readClientFrame(value: unknown, stringIds: boolean, features: FeatureSet = noFeatures): ClientFrame {
  if (!Array.isArray(value)) return { type: "bad-event", value };
  if (idOf(value[0], stringIds) !== undefined) return readEventFrame(value, null, stringIds, features);
  const cbId: unknown = value[1] ?? null;
  if (cbId !== null && (typeof cbId !== "string" || cbId.length > MAX_CB_ID_LENGTH)) {
    return { type: "bad-event", value };
  }
  const first: unknown = value[0];
  if (cbId === null && Array.isArray(first)) {
    const type = frameTypeOf(idOf(first[0], stringIds), "c->s");
    if (type === "ack") return { type, count: first[1], value: first };
    if (type === "volatile" && features.has(type)) {
      return { type, event: readVolatile(first[1], "c->s", stringIds, features), value: first };
    }
    if (type === "refresh" && features.has(type)) return { type, params: readLoginParams(first[1]), value: first };
  }
  return readEventFrame(first, cbId, stringIds, features);
}

function readEventFrame(value: unknown, cbId: string | null, stringIds: boolean, features: FeatureSet): ClientFrame {
  const event = readEvent(value, stringIds);
  if (event === undefined) return { type: "bad-event", value: value ?? null };
  if (isUnderstood(event[0], "c->s", features)) return { type: "event", event, cbId };
  const type = frameTypeOf(event[0], "c->s");
  if (type === "ping") return { type, event, cbId };
  if (type === "pong") return { type, event };
  return { type: "bad-event", value };
}
