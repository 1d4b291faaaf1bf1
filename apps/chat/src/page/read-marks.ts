import { type Entry, keyOf, talkIn, type View } from "../client/view.ts";

/** Up to where somebody has read, by room. */
export interface ReadMarks {
  /** Takes note of what is shown, and of whether anybody looks. */
  readonly see: (view: View, isLooking: boolean) => void;
  /** The first message of the room that came while nobody looked; undefined where there is none. */
  readonly divider: () => string | undefined;
  /** How many came since somebody looked. */
  readonly countUnread: (view: View) => number;
}

/** `now` is compared with the times of messages, in milliseconds since 1970. */
export function createReadMarks(now: () => number): ReadMarks {
  /** The last message that was seen in each room; empty where there was none yet. */
  const seen = new Map<string, string>();
  let divider: string | undefined;
  let room: string | undefined;
  let enteredAt = 0;
  let wasLooking = true;

  const findUnread = (view: View): readonly Entry[] => {
    const { entries } = talkIn(view, view.room);
    const last = seen.get(view.room);
    // Of a room where nobody was yet, all is history.
    if (last === undefined) return [];
    return entries.slice(entries.findLastIndex((entry) => keyOf(entry) === last) + 1).filter(({ own }) => !own);
  };

  return {
    see: (view, isLooking) => {
      const { entries, loaded } = talkIn(view, view.room);
      const newest = entries.at(-1);
      const entered = room !== view.room;
      if (entered) enteredAt = now();
      // What a page showed before it was reloaded, somebody has seen.
      if (!loaded && newest !== undefined && !seen.has(view.room)) seen.set(view.room, keyOf(newest));
      if (entered || (wasLooking && !isLooking)) divider = undefined;
      const [first] = findUnread(view);
      // What was said before one came in may arrive a moment after.
      const wasAway = !wasLooking || !isLooking || (first !== undefined && first.at < enteredAt);
      if (wasAway && first !== undefined) divider ??= keyOf(first);
      // Whoever answers has read.
      if (newest?.status === "sending") divider = undefined;
      room = view.room;
      wasLooking = isLooking;
      if (loaded && (isLooking || !seen.has(room))) seen.set(room, newest === undefined ? "" : keyOf(newest));
    },
    divider: () => divider,
    countUnread: (view) => findUnread(view).length,
  };
}
