import type { Encoded } from "@sente-lite/protocol";
import { Deque } from "@sente-lite/protocol/queues";
import { countBytes } from "@sente-lite/protocol/session";
import type { Incoming, Place } from "../incoming.ts";
import type { TurnShare, Turns } from "../turns.ts";

interface Unread {
  readonly data: Encoded;
  readonly place: Place;
}

/**
 * A frame that cannot be read counts against the peer's share of a turn, as an event does. Where the share is used up,
 * the next frames of that peer wait unread for the next turn, and count as events that wait.
 */
export class UnreadFrames {
  readonly #incoming: Incoming;
  readonly #read: (data: Encoded) => void;
  readonly #share: TurnShare;
  readonly #waiting = new Deque<Unread>();
  #isUsedUp = false;

  constructor(turns: Turns, incoming: Incoming, read: (data: Encoded) => void) {
    this.#incoming = incoming;
    this.#read = read;
    this.#share = turns.share(() => this.#goOn());
  }

  /** A frame came: it is read now, or in its turn. */
  put(data: Encoded): void {
    if (!this.#isUsedUp) {
      this.#read(data);
      return;
    }
    const place = this.#incoming.hold(Math.max(1, countBytes(data)));
    if (place !== undefined) this.#waiting.push({ data, place });
  }

  /** The frame that was read last was refused. */
  noteRefused(): void {
    if (!this.#share.take()) this.#isUsedUp = true;
  }

  /** Gives up what waits, and returns how many frames those were. */
  clear(): number {
    let count = 0;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (!next.place.isVoid) count++;
      next.place.leave();
    }
    return count;
  }

  #goOn(): void {
    this.#isUsedUp = false;
    while (!this.#isUsedUp) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      const { isVoid } = next.place;
      next.place.leave();
      if (!isVoid) this.#read(next.data);
    }
  }
}
