import { UsageError } from "../errors.ts";
import { MAX_ROOM_NAME_LENGTH } from "../limits.ts";
import { isWellFormed } from "../values/well-formed.ts";

/** True for the name of a room: 1 to 256 UTF-16 units, without the `*` of patterns. Slashes mean nothing by themselves. */
export function isRoomName(name: unknown): name is string {
  return (
    typeof name === "string" &&
    name !== "" &&
    name.length <= MAX_ROOM_NAME_LENGTH &&
    !name.includes("*") &&
    isWellFormed(name)
  );
}

/** The name that the application gave. Throws `UsageError` `bad-room`. */
export function checkRoomName(name: unknown): string {
  if (isRoomName(name)) return name;
  const given = typeof name === "string" ? JSON.stringify(name.slice(0, 80)) : typeof name;
  throw new UsageError(
    "bad-room",
    `the name of a room is a string as "chat/tea", of at most ${MAX_ROOM_NAME_LENGTH} characters and without "*", not ${given}`,
  );
}
