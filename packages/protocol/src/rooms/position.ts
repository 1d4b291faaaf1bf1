import { UsageError } from "../errors.ts";

/** The longest epoch that is read, in UTF-16 units. */
const MAX_EPOCH_LENGTH = 64;

/**
 * A place in the history of a room: `offset` counts the events of the room since its history began, `epoch` names that
 * history. It goes through JSON, so that a page can be rendered with one.
 */
export interface RoomPosition {
  readonly epoch: string;
  readonly offset: number;
}

/** The position that a value of the wire stands for; undefined where it is none. */
export function readPosition(value: unknown): RoomPosition | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { epoch, offset } = value as { readonly epoch?: unknown; readonly offset?: unknown };
  if (typeof epoch !== "string" || epoch.length > MAX_EPOCH_LENGTH || !isOffset(offset)) return undefined;
  return { epoch, offset };
}

/** The position that the application gave. Throws `UsageError` `bad-position`. */
export function checkPosition(value: unknown): RoomPosition {
  const position = readPosition(value);
  if (position === undefined) {
    throw new UsageError("bad-position", "a position in a room is what a message or a history told: { epoch, offset }");
  }
  return position;
}

/** True for what counts events of a room. */
export function isOffset(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
