/** One connection: that of a user's client. */
export interface ToClientId {
  readonly uid: string | null;
  readonly clientId: string;
}

/** Who is in a room. */
export interface ToRoom<Room extends string = string> {
  readonly room: Room;
}

/**
 * Whom to push to: every connection of a user (null, or Sente's `"sente/all-users-without-uid"`: of the users without an
 * id), one connection, several of either, or who is in a room.
 */
export type To<Room extends string = string> =
  | string
  | null
  | ToClientId
  | Iterable<string | null | ToClientId>
  | ToRoom<Room>;
