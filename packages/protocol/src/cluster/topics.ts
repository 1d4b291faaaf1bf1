import type { Topic } from "../backplane/index.ts";
import { isWellFormed } from "../values/well-formed.ts";

/** What every node is subscribed to: broadcasts, and who is here. */
export const ALL: Topic = "all";

/** So much of a uid is in its topic: of longer ones that begin alike the nodes tell which is meant. */
const MAX_NAME_LENGTH = 1_000;
const SURROGATES = /[\ud800-\udfff]/g;

/** The topic of a user, to which a node is subscribed while a client of that user is here, or away. */
export function uidTopic(uid: string | null): Topic {
  if (uid === null) return "no-uid";
  const name = uid.slice(0, MAX_NAME_LENGTH);
  return `uid/${isWellFormed(name) ? name : name.replace(SURROGATES, "?")}`;
}

/** The topic of a room, to which a node is subscribed while somebody here is in the room. */
export function roomTopic(room: string): Topic {
  return `room/${room}`;
}
