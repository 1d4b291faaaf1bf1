import { PERMANENT } from "../domain/chat-state.ts";
import { libraryRoom } from "../domain/events.ts";
import { MAX_ROOMS, MAX_ROOMS_OF_ONE } from "../domain/limits.ts";
import type { ChatServer } from "./chat-types.ts";

/** In how many rooms that people make up each of them is. */
export interface Places {
  /** False for who is in as many, over all connections, as one may be. */
  readonly take: (room: string, uid: string | null) => boolean;
}

export const permanentRooms: readonly string[] = PERMANENT.map(libraryRoom);

/** The places of a server: the library has one in the permanent rooms for everybody, as it does not know who has many. */
export function createPlaces(server: Pick<ChatServer, "room">): Places {
  /** Those that somebody was let into; who is in them still, the library knows. */
  const madeUp = new Set<string>();
  const membersOf = (room: string) => server.room(room).members.get();

  return {
    take: (room, uid) => {
      if (permanentRooms.includes(room)) return true;
      const own = [...madeUp].filter((other) => other !== room && membersOf(other).has(uid));
      if (own.length >= MAX_ROOMS_OF_ONE) return false;
      madeUp.delete(room);
      madeUp.add(room);
      // One that is being joined may look empty for a moment: the newest stay.
      for (const other of madeUp) {
        if (madeUp.size <= 2 * MAX_ROOMS) break;
        if (membersOf(other).size === 0) madeUp.delete(other);
      }
      return true;
    },
  };
}
