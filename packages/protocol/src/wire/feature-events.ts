import type { SenteEvent } from "../event.ts";
import { isProtocolId, readEvent } from "./event.ts";
import type { Feature, FeatureSet, Way } from "./features.ts";

// Events of the protocol's own namespace that travel as those of the application do, in the session's order and counted,
// between peers that know the feature that they belong to (PROTOCOL.md section 1.8).

/** The events of rooms, by what they say (PROTOCOL.md section 6.10). */
export const roomIds = {
  join: "chsk/room-join",
  leave: "chsk/room-leave",
  send: "chsk/room-send",
  history: "chsk/room-history",
  event: "chsk/room-event",
  joined: "chsk/room-joined",
  left: "chsk/room-left",
  members: "chsk/room-members",
  refused: "chsk/room-refused",
} as const;

/** The events of requests to clients, by what they say (PROTOCOL.md section 6.11). */
export const requestIds = { request: "chsk/request", reply: "chsk/reply" } as const;

interface FeatureEvent {
  readonly direction: Way;
  readonly feature: Feature;
}

const { join, leave, send, history, event, joined, left, members, refused } = roomIds;
const featureEvents: ReadonlyMap<string, FeatureEvent> = new Map<string, FeatureEvent>([
  ...[join, leave, send, history].map((id) => [id, { direction: "c->s", feature: "rooms" }] as const),
  ...[event, joined, left, members, refused].map((id) => [id, { direction: "s->c", feature: "rooms" }] as const),
  [requestIds.request, { direction: "s->c", feature: "requests" }],
  [requestIds.reply, { direction: "c->s", feature: "requests" }],
]);

/** True for an event that peers with those features understand when it goes that way: any but others of the protocol's. */
export function isUnderstood(id: string, way: Way, features: FeatureSet): boolean {
  if (!isProtocolId(id)) return true;
  const known = featureEvents.get(id);
  return known !== undefined && known.direction === way && features.has(known.feature);
}

/**
 * Reads the event of a volatile frame (PROTOCOL.md section 6.12): the application's, by itself or in a room. Undefined
 * for anything else.
 */
export function readVolatile(
  value: unknown,
  way: Way,
  stringIds: boolean,
  features: FeatureSet,
): SenteEvent | undefined {
  const read = readEvent(value, stringIds);
  if (read === undefined) return undefined;
  const [id] = read;
  const mayBe = !isProtocolId(id) || id === send || id === event;
  return mayBe && isUnderstood(id, way, features) ? read : undefined;
}
