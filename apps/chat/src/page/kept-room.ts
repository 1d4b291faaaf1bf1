import type { Kept } from "../client/chat-client.ts";
import type { Entry } from "../client/view.ts";
import { MAX_HISTORY } from "../domain/limits.ts";
import { fieldsOf, readCount, readMessage, readRoomName } from "../domain/readers.ts";

// What this tab had of its room when it was reloaded, so that it goes on from there: by the position it gets exactly what
// came meanwhile.

const ITEM = "sente-lite-chat-room";

export function saveRoom(kept: Kept | undefined): void {
  try {
    if (kept !== undefined) sessionStorage.setItem(ITEM, JSON.stringify(kept));
  } catch {
    // Then it fetches what was said, as on a first visit.
  }
}

export function loadRoom(): Kept | undefined {
  try {
    return readKept(JSON.parse(sessionStorage.getItem(ITEM) ?? "null"));
  } catch {
    return undefined;
  }
}

/** Whatever wrote to the storage, it is read like what comes from a server. Entries that cannot be read make it worthless. */
export function readKept(value: unknown): Kept | undefined {
  const fields = fieldsOf(value);
  const { epoch, offset: given } = fieldsOf(fields.position);
  const [room, offset] = [readRoomName(fields.room), readCount(given)];
  if (room === undefined || offset === undefined || typeof epoch !== "string" || !Array.isArray(fields.entries)) {
    return undefined;
  }
  const entries = fields.entries.slice(-MAX_HISTORY).map(readEntry);
  return entries.includes(undefined)
    ? undefined
    : { room, position: { epoch, offset }, entries: entries.filter((entry) => entry !== undefined) };
}

function readEntry(value: unknown): Entry | undefined {
  const message = readMessage(value);
  return message && { ...message, own: fieldsOf(value).own === true, status: "delivered" };
}
