import { UsageError } from "@sente-lite/protocol";
import { findNearestName, showValue } from "@sente-lite/protocol/options";
import { isEventId, isProtocolId } from "@sente-lite/protocol/session";

/** The protocol's own events, as each side delivers them. */
export const clientEvents = [
  "chsk/state",
  "chsk/handshake",
  "chsk/login-expired",
  "chsk/ws-ping",
  "chsk/bad-event",
] as const;
export const serverEvents = [
  "chsk/uidport-open",
  "chsk/uidport-close",
  "chsk/client-open",
  "chsk/client-close",
  "chsk/login-expired",
  "chsk/ws-ping",
  "chsk/bad-event",
] as const;
const allEvents: ReadonlySet<string> = new Set([...clientEvents, ...serverEvents]);

/** What Sente, or another library, calls them; the first that there is counts. */
const meant: Readonly<Record<string, readonly string[]>> = {
  "chsk/recv": ["*"],
  "chsk/open": ["chsk/state", "chsk/client-open"],
  "chsk/connect": ["chsk/state", "chsk/client-open"],
  "chsk/connected": ["chsk/state", "chsk/client-open"],
  "chsk/close": ["chsk/state", "chsk/client-close"],
  "chsk/disconnect": ["chsk/state", "chsk/client-close"],
  "chsk/disconnected": ["chsk/state", "chsk/client-close"],
};

/**
 * Throws `UsageError` `bad-event-id` for an id under which nothing is ever delivered: one without a namespace, and one of
 * the protocol's namespace that is none of `own`. `"*"` stands for all.
 */
export function checkHandledId(taker: string, id: unknown, own: Iterable<string> = allEvents): void {
  if (id === "*") return;
  if (!isEventId(id)) {
    throw new UsageError(
      "bad-event-id",
      `${taker}: an event id is a namespaced name as "chat/message", or "*" for all, not ${showValue(id)}`,
    );
  }
  const ids = [...own];
  if (!isProtocolId(id) || ids.includes(id)) return;
  const nearest = Object.hasOwn(meant, id) ? id : findNearestName(id, [...ids, ...Object.keys(meant)]);
  const right = nearest && (meant[nearest]?.find((name) => name === "*" || ids.includes(name)) ?? nearest);
  const hint = right === undefined ? "" : ` did you mean "${right}"?`;
  throw new UsageError(
    "bad-event-id",
    `${taker}: there is no event ${showValue(id)};${hint} there are ${ids.join(", ")}`,
  );
}
