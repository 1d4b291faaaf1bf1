import { type RoomOptions, UsageError } from "@sente-lite/protocol";
import { isThenable } from "@sente-lite/protocol/calls";
import { checkOptions } from "@sente-lite/protocol/options";
import { checkRoomName, type HistoryBounds, RoomPatterns } from "@sente-lite/protocol/rooms";
import { limitOf } from "../../limits.ts";

/** What is said of the rooms of one pattern. */
export interface RoomKind<Context> {
  readonly joinFn: RoomOptions<Context>["joinFn"];
  readonly sendFn: RoomOptions<Context>["sendFn"];
  readonly history: HistoryBounds | undefined;
  readonly tellsMembers: boolean;
}

const kinds = { joinFn: "function", sendFn: "function", history: "object", members: "boolean" };
const historyDefaults = { size: 100, maxBytes: 262_144, ttlMs: 600_000 };

/** Names that other libraries have for them. */
const meant = { authorize: "joinFn", onJoin: "joinFn", publishFn: "sendFn", presence: "members", recover: "history" };
const meantOfHistory = { limit: "size", maxSize: "size", bytes: "maxBytes", ttl: "ttlMs" };

/** Rooms by their patterns. Throws `UsageError` for what cannot be meant. */
export function roomKindsOf<Context>(
  rooms: Readonly<Record<string, RoomOptions<Context>>> = {},
): RoomPatterns<RoomKind<Context>> {
  if (Symbol.iterator in rooms || isThenable(rooms)) {
    const message = 'makeChannelSocketServer: the option rooms is an object of options by pattern, as { "chat/*": {} }';
    throw new UsageError("bad-option", message);
  }
  return new RoomPatterns(
    Object.entries(rooms).map(([pattern, options]) => {
      const of = `the rooms ${JSON.stringify(pattern.slice(0, 80))}`;
      checkOptions(of, options ?? null, kinds, meant);
      const { joinFn, sendFn, history, members = false } = options;
      return [pattern, { joinFn, sendFn, history: boundsOf(of, history), tellsMembers: members }] as const;
    }),
  );
}

function boundsOf(of: string, history: RoomOptions["history"]): HistoryBounds | undefined {
  if (history === undefined) return undefined;
  checkOptions(`the history of ${of}`, history, historyDefaults, meantOfHistory);
  const { size, maxBytes, ttlMs } = { ...historyDefaults, ...history };
  return { size: limitOf("size", size), maxBytes: limitOf("maxBytes", maxBytes), ttlMs: limitOf("ttlMs", ttlMs) };
}

/** What is said of a room that the application names. Throws `UsageError` `bad-room`, `unknown-room`. */
export function kindOf<Context>(patterns: RoomPatterns<RoomKind<Context>>, room: unknown): RoomKind<Context> {
  const name = checkRoomName(room);
  const kind = patterns.find(name);
  if (kind !== undefined) return kind;
  throw new UsageError("unknown-room", `no pattern of the option rooms has ${JSON.stringify(name)}`);
}
