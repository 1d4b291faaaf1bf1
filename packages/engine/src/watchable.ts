import type { Watchable } from "@sente-lite/protocol";
import { guard } from "@sente-lite/protocol/calls";
import { checkFunction } from "@sente-lite/protocol/options";

/** A watchable and the ways to change it. */
export interface WatchableSource<T> {
  readonly watchable: Watchable<T>;
  /**
   * Sets the value and tells the subscribers. A subscriber that throws goes to `onError`; the others still hear. Where
   * one changes the value, all are told of the one change before they are told of the other.
   */
  readonly set: (next: T) => void;
  /** Sets the value and tells nobody. */
  readonly replace: (next: T) => void;
  /** True while subscribers are told. */
  readonly isTelling: () => boolean;
}

export function createWatchable<T>(initial: T, onError: (error: unknown) => void): WatchableSource<T> {
  let current = initial;
  const subscribers = new Set<{ readonly fn: (next: T, previous: T) => void }>();
  const changes: { readonly next: T; readonly previous: T }[] = [];
  let isTelling = false;

  const tell = ({ next, previous }: { readonly next: T; readonly previous: T }) => {
    for (const subscriber of [...subscribers]) {
      // One that was called before may have removed it.
      if (subscribers.has(subscriber)) guard(() => subscriber.fn(next, previous), onError);
    }
  };

  return {
    watchable: {
      get: () => current,
      subscribe: (fn) => {
        checkFunction("subscribe(fn)", fn);
        const entry = { fn };
        subscribers.add(entry);
        return () => subscribers.delete(entry);
      },
    },
    set: (next) => {
      changes.push({ next, previous: current });
      current = next;
      if (isTelling) return;
      isTelling = true;
      for (let change = changes.shift(); change !== undefined; change = changes.shift()) tell(change);
      isTelling = false;
    },
    replace: (next) => {
      current = next;
    },
    isTelling: () => isTelling,
  };
}
