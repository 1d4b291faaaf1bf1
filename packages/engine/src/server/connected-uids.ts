import type { ConnectedUids, Watchable } from "@sente-lite/protocol";
import { guarded } from "@sente-lite/protocol/session";
import type { Host, Timer } from "../host.ts";

export interface Presence {
  readonly connectedUids: Watchable<ConnectedUids>;
  /** A connection of that user opened; true where the user was not here. */
  readonly arrived: (uid: string | null) => boolean;
  /** The last connection of that user closed; `gone` is called if none comes within the grace. */
  readonly leaving: (uid: string | null, gone: () => void) => void;
  /** Forgets the timers. */
  readonly end: () => void;
}

/** Who is connected, with Sente's grace: a user whose page reloads has not left. */
export function createPresence(host: Host, graceMs: number, onError: (error: unknown) => void): Presence {
  const present = new Set<string | null>();
  const leaving = new Map<string | null, Timer>();
  const subscribers = new Set<{ readonly fn: (next: ConnectedUids, previous: ConnectedUids) => void }>();
  const none: ReadonlySet<string | null> = new Set();
  // Made when somebody asks: a copy per change would be quadratic in a crowd that arrives.
  let snapshot: ConnectedUids | undefined;

  const current = (): ConnectedUids => {
    if (snapshot === undefined) {
      const uids: ReadonlySet<string | null> = new Set(present);
      snapshot = Object.freeze({ ws: uids, ajax: none, any: uids });
    }
    return snapshot;
  };
  const change = (apply: () => void) => {
    const previous = subscribers.size > 0 ? current() : undefined;
    apply();
    snapshot = undefined;
    if (previous === undefined) return;
    for (const { fn } of [...subscribers]) {
      guarded(() => fn(current(), previous), onError);
    }
  };

  return {
    connectedUids: {
      get: current,
      subscribe: (fn) => {
        const entry = { fn };
        subscribers.add(entry);
        return () => void subscribers.delete(entry);
      },
    },
    arrived: (uid) => {
      host.clearTimer(leaving.get(uid));
      leaving.delete(uid);
      if (present.has(uid)) return false;
      change(() => present.add(uid));
      return true;
    },
    leaving: (uid, gone) => {
      const timer = host.setTimer(graceMs, () => {
        leaving.delete(uid);
        change(() => present.delete(uid));
        gone();
      });
      leaving.set(uid, timer);
    },
    end: () => {
      for (const timer of leaving.values()) host.clearTimer(timer);
      leaving.clear();
    },
  };
}
