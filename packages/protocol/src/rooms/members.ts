import type { MembersChange } from "./members-tally.ts";

/** Who is in a room, as its members are told. */
export interface RoomMembers {
  /** The users who are in it; empty where they are too many to be listed (`maxMembersListed`). `null`: those without a uid. */
  readonly uids: ReadonlySet<string | null>;
  /** How many users are in it. */
  readonly count: number;
  /** True where `uids` has all of them. */
  readonly isComplete: boolean;
}

/** What is known of a room whose members are not told. */
export const noMembers: RoomMembers = Object.freeze({ uids: new Set<string | null>(), count: 0, isComplete: false });

/** What is known of the members once the server told of a change. */
export function changeMembers(known: RoomMembers, { count, uids, joined = [], left = [] }: MembersChange): RoomMembers {
  if (uids !== undefined) return Object.freeze({ uids: new Set(uids), count, isComplete: true });
  const isDelta = joined.length > 0 || left.length > 0;
  if (!known.isComplete || !isDelta) return Object.freeze({ uids: new Set<string | null>(), count, isComplete: false });
  const gone = new Set(left);
  const now = new Set([...known.uids].filter((uid) => !gone.has(uid)).concat(joined));
  return Object.freeze({ uids: now, count, isComplete: now.size === count });
}
