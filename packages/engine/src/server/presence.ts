import type { ConnectedUids, Watchable } from "@sente-lite/protocol";
import { guard } from "@sente-lite/protocol/calls";
import { checkFunction } from "@sente-lite/protocol/options";
import type { Host, Timer } from "../host.ts";
import { PresentUids } from "./present-uids.ts";

/** Somebody who is here by a connection, and is told of what is said of their uid. */
interface Present {
  readonly uid: string | null;
  announce(id: "chsk/uidport-open" | "chsk/uidport-close"): void;
}

interface Subscriber {
  readonly fn: (next: ConnectedUids, previous: ConnectedUids) => void;
}

/** What the nodes of a cluster know of each other's users. */
export interface PresenceShare {
  /** A user came to this node; true where that is to be told: no other node has that user. */
  arrived(uid: string | null): boolean;
  /** A user left this node; true where that is to be told. */
  departed(uid: string | null): boolean;
}

/** Who is here, with Sente's grace: a user whose page reloads has not left (PROTOCOL.md section 8.4). */
export class Presence {
  readonly connectedUids: Watchable<ConnectedUids>;
  readonly #host: Host;
  readonly #graceMs: number;
  readonly #onError: (error: unknown) => void;
  /** Who is here; in a cluster, who is anywhere in it. */
  readonly #present = new PresentUids();
  /** In a cluster, who is at this node. */
  readonly #own: Set<string | null> | undefined;
  readonly #share: PresenceShare | undefined;
  readonly #leaving = new Map<string | null, Timer>();
  /** How many sessions of each user are on their way to other servers: meanwhile the user does not leave. */
  readonly #moving = new Map<string | null, number>();
  readonly #subscribers = new Set<Subscriber>();
  #view: ConnectedUids | undefined;

  constructor(host: Host, graceMs: number, onError: (error: unknown) => void, share?: PresenceShare) {
    this.#share = share;
    this.#own = share && new Set();
    this.#host = host;
    this.#graceMs = graceMs;
    this.#onError = onError;
    this.connectedUids = {
      get: () => this.#current(),
      subscribe: (fn) => {
        checkFunction("subscribe(fn)", fn);
        const subscriber = { fn };
        this.#subscribers.add(subscriber);
        return () => void this.#subscribers.delete(subscriber);
      },
    };
  }

  /** A connection of that user opened. */
  noteArrival(one: Present): void {
    const { uid } = one;
    this.#host.clearTimer(this.#leaving.get(uid));
    this.#leaving.delete(uid);
    if ((this.#own ?? this.#present).has(uid)) return;
    this.#own?.add(uid);
    const isToTell = this.#share?.arrived(uid) ?? true;
    this.note(uid, true);
    if (isToTell) one.announce("chsk/uidport-open");
  }

  /** A user is here now, or no more: also of what other nodes tell. */
  note(uid: string | null, isHere: boolean): void {
    if (this.#present.has(uid) === isHere) return;
    this.#change(uid, isHere);
  }

  /** That was the last connection of its user: the user leaves, if none comes within the grace. */
  noteLeaving(last: Present): void {
    const { uid } = last;
    if (this.#moving.has(uid)) return;
    const timer = this.#host.setTimer(this.#graceMs, () => {
      this.#leaving.delete(uid);
      this.#own?.delete(uid);
      if (this.#share?.departed(uid) === false) return;
      this.note(uid, false);
      last.announce("chsk/uidport-close");
    });
    this.#leaving.set(uid, timer);
  }

  /** A session of that user is about to go to another server. Call `noteMoved` once it has gone, or stays. */
  noteMoving(uid: string | null): void {
    this.#host.clearTimer(this.#leaving.get(uid));
    this.#leaving.delete(uid);
    this.#moving.set(uid, (this.#moving.get(uid) ?? 0) + 1);
  }

  /** True where the last session of that user that was about to go is under way: the user, if here, may leave again. */
  noteMoved(uid: string | null): boolean {
    const left = (this.#moving.get(uid) ?? 1) - 1;
    if (left > 0) this.#moving.set(uid, left);
    else this.#moving.delete(uid);
    return left === 0 && (this.#own ?? this.#present).has(uid);
  }

  /** Nobody leaves any more: forgets the timers. */
  end(): void {
    for (const timer of this.#leaving.values()) this.#host.clearTimer(timer);
    this.#leaving.clear();
  }

  #current(): ConnectedUids {
    this.#view ??= this.#present.view();
    return this.#view;
  }

  #change(uid: string | null, isHere: boolean): void {
    const previous = this.#subscribers.size > 0 ? this.#current() : undefined;
    this.#present.change(uid, isHere);
    this.#view = undefined;
    if (previous === undefined) return;
    for (const subscriber of [...this.#subscribers]) {
      // One that was called before may have removed it.
      if (this.#subscribers.has(subscriber)) guard(() => subscriber.fn(this.#current(), previous), this.#onError);
    }
  }
}
