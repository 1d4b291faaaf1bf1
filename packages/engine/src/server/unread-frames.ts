import type { Encoded } from "@sente-lite/protocol";
import { Deque } from "@sente-lite/protocol/queues";
import type { Incoming, Place } from "../incoming.ts";
import type { TurnShare, Turns } from "../turns.ts";

interface Unread {
  readonly data: Encoded;
  readonly bytes: number;
  /** It came faster than its peer may send. */
  readonly isOver: boolean;
  readonly place: Place;
}

/** Whose frames wait. */
export interface UnreadOwner {
  /** The frame's turn has come; false where it cannot be read. */
  readNow(data: Encoded, bytes: number, isOver: boolean): boolean;
  pause(): void;
  resume(): void;
}

/** A frame of more bytes than this takes the place of several: it takes as long to decode. */
const PLACE_BYTES = 2_048;
/** So many places more a frame takes that cannot be read: errors are made and thrown for it. */
const UNREADABLE_PLACES = 7;

/**
 * Every frame counts against the peer's share of a turn, as an event does. Where the share is used up, the next frames of that
 * peer wait unread for the next turn, and count as events that wait: to decode them all would take the turn from others.
 * Pings and pongs count, too; where there were too many the peer is not read on before the next turn.
 */
export class UnreadFrames {
  readonly #incoming: Incoming;
  readonly #owner: UnreadOwner;
  readonly #readNext = ({ data, bytes, isOver }: Unread) => this.#read(data, bytes, isOver);
  readonly #share: TurnShare;
  /** True from too many pings to the next turn. */
  #isPaused = false;
  /** Made when a frame first has to wait. */
  #waiting: Deque<Unread> | undefined;

  constructor(turns: Turns, incoming: Incoming, owner: UnreadOwner) {
    this.#incoming = incoming;
    this.#owner = owner;
    this.#share = turns.share(() => this.#goOn());
  }

  /** A frame came: it is read now, or in its turn. */
  put(data: Encoded, bytes: number, isOver: boolean): void {
    const mustWait = this.#waiting !== undefined && this.#waiting.size > 0;
    if (!mustWait && this.#share.take(placesOf(bytes))) {
      this.#read(data, bytes, isOver);
      return;
    }
    const place = this.#incoming.hold(Math.max(1, bytes));
    if (place === undefined) return;
    this.#waiting ??= new Deque();
    this.#waiting.push({ data, bytes, isOver, place });
  }

  /** A ping or a pong came. */
  noteControl(): void {
    if (this.#isPaused || this.#share.take()) return;
    this.#isPaused = true;
    this.#owner.pause();
  }

  /** Gives up what waits, and returns how many frames those were. */
  clear(): number {
    this.#resume();
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
      if (next === undefined) break;
      this.#share.spend(placesOf(next.bytes) - 1);
      if (next.place.isVoid) next.place.leave();
      else this.#incoming.hand(next.place, this.#readNext, next);
    }
    this.#resume();
  }

  #read(data: Encoded, bytes: number, isOver: boolean): void {
    if (!this.#owner.readNow(data, bytes, isOver)) this.#share.spend(UNREADABLE_PLACES);
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#owner.resume();
  }
}

function placesOf(bytes: number): number {
  return 1 + Math.floor(bytes / PLACE_BYTES);
}
