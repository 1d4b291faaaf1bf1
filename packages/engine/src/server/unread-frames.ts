import type { Encoded } from "@sente-lite/protocol";
import { Deque } from "@sente-lite/protocol/queues";
import type { Incoming, Place } from "../incoming.ts";
import type { TurnShare, Turns } from "../turns.ts";

type ReadFrame = (data: Encoded, bytes: number, isOver: boolean) => void;

interface Unread {
  readonly data: Encoded;
  readonly bytes: number;
  /** It came faster than its peer may send. */
  readonly isOver: boolean;
  readonly place: Place;
}

/**
 * Every frame counts against the peer's share of a turn, as an event does. Where the share is used up, the next frames of that
 * peer wait unread for the next turn, and count as events that wait: to decode them all would take the turn from others.
 */
export class UnreadFrames {
  readonly #incoming: Incoming;
  readonly #read: ReadFrame;
  readonly #readNext = ({ data, bytes, isOver }: Unread) => this.#read(data, bytes, isOver);
  readonly #share: TurnShare;
  /** Made when a frame first has to wait. */
  #waiting: Deque<Unread> | undefined;

  constructor(turns: Turns, incoming: Incoming, read: ReadFrame) {
    this.#incoming = incoming;
    this.#read = read;
    this.#share = turns.share(() => this.#goOn());
  }

  /** A frame came: it is read now, or in its turn. */
  put(data: Encoded, bytes: number, isOver: boolean): void {
    const mustWait = this.#waiting !== undefined && this.#waiting.size > 0;
    if (!mustWait && this.#share.take()) {
      this.#read(data, bytes, isOver);
      return;
    }
    const place = this.#incoming.hold(Math.max(1, bytes));
    if (place === undefined) return;
    this.#waiting ??= new Deque();
    this.#waiting.push({ data, bytes, isOver, place });
  }

  /** Gives up what waits, and returns how many frames those were. */
  clear(): number {
    let count = 0;
    for (let next = this.#waiting?.shift(); next !== undefined; next = this.#waiting?.shift()) {
      if (!next.place.isVoid) count++;
      next.place.leave();
    }
    return count;
  }

  #goOn(): void {
    while (this.#waiting !== undefined && this.#waiting.size > 0 && this.#share.take()) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      if (next.place.isVoid) next.place.leave();
      else this.#incoming.hand(next.place, this.#readNext, next);
    }
  }
}
