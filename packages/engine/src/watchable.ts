import type { Watchable } from "@sente-lite/protocol";
import { guarded } from "@sente-lite/protocol/session";

/** A watchable and the way to change it. */
export interface WatchableSource<T> {
  readonly watchable: Watchable<T>;
  /** Sets the value and tells the subscribers. A subscriber that throws goes to `onError`; the others still hear. */
  readonly set: (next: T) => void;
}

export function createWatchable<T>(initial: T, onError: (error: unknown) => void): WatchableSource<T> {
  let current = initial;
  const subscribers = new Set<{ readonly fn: (next: T, previous: T) => void }>();
  return {
    watchable: {
      get: () => current,
      subscribe: (fn) => {
        const entry = { fn };
        subscribers.add(entry);
        return () => subscribers.delete(entry);
      },
    },
    set: (next) => {
      const previous = current;
      current = next;
      for (const { fn } of [...subscribers]) {
        guarded(() => fn(next, previous), onError);
      }
    },
  };
}
