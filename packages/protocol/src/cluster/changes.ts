/**
 * A change of who is here: a user came to a node; left it, as others of the cluster still had that user; left it as the
 * last; was told of as gone, though a node that others held for gone, and that is back, had that user all the time; somebody of
 * a node came into a room, or left it as the last of that user there; a user is in a room with each connection, or no longer.
 */
export type Change =
  | readonly ["came" | "left" | "last" | "missed", uid: string | null]
  | readonly ["in" | "out" | "lasting" | "over", uid: string | null, room: string];

const OF_UID: ReadonlySet<unknown> = new Set(["came", "left", "last", "missed"]);
const OF_ROOM: ReadonlySet<unknown> = new Set(["in", "out", "lasting", "over"]);

/** Changes as another node wrote them; undefined for anything else. */
export function readChanges(value: unknown): readonly Change[] | undefined {
  return Array.isArray(value) && value.every(isChange) ? value : undefined;
}

function isChange(value: unknown): value is Change {
  if (!Array.isArray(value)) return false;
  const [what, uid, room] = value;
  if (typeof uid !== "string" && uid !== null) return false;
  return value.length === 2 ? OF_UID.has(what) : value.length === 3 && OF_ROOM.has(what) && typeof room === "string";
}

/** A change weighs about so many bytes. */
const CHANGE_BYTES = 12;

/** The changes in parts, each of about no more bytes. */
export function inParts(changes: readonly Change[], maxBytes: number): readonly (readonly Change[])[] {
  const parts: Change[][] = [[]];
  let bytes = 0;
  for (const change of changes) {
    const [, uid, room = ""] = change;
    bytes += CHANGE_BYTES + 3 * ((uid?.length ?? 0) + room.length);
    if (bytes > maxBytes && parts.at(-1)?.length !== 0) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(change);
  }
  return parts;
}
