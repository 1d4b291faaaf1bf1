import type { Encoded, OverRate } from "@sente-lite/protocol";
import { Deque } from "@sente-lite/protocol/queues";
import type { Host, Timer } from "../../host.ts";
import type { Incoming, Place } from "../../incoming.ts";
import type { Allowance } from "./allowance.ts";

/** Whose frames pass the gate. */
export interface RateOwner {
  /** The frame's turn has come. `isOver`: it came too fast, and its events are left out. */
  read(data: Encoded, bytes: number, isOver: boolean): void;
  pause(): void;
  resume(): void;
  /** A frame, or a ping, came too fast. `isAgain`: as did the one before it, and the client has waited for that since. */
  noteOverRate(isAgain: boolean): void;
  /** It is closed for that, and may come again after so long. */
  tooFast(retryInMs: number): void;
}

export interface RateGateOptions {
  readonly host: Pick<Host, "setTimer" | "clearTimer">;
  /** Machine time. */
  readonly now: () => number;
  readonly owner: RateOwner;
  readonly incoming: Pick<Incoming, "hold" | "hand">;
  readonly own: Allowance;
  /** That of all connections of the user. */
  readonly shared: Allowance | undefined;
  readonly overRate: OverRate;
}

/** A client that was closed comes again when it may send for so long, or it would be closed for what it sends again. */
const RECOVERY_MS = 5_000;

interface Held {
  readonly data: Encoded;
  readonly bytes: number;
  readonly place: Place;
}

/**
 * Lets the frames of one client through as fast as it may send. What comes too fast waits here, counted like events that
 * wait, while the client is not read on; or is left out, or ends the connection.
 */
export class RateGate {
  readonly #options: RateGateOptions;
  /** Made when a frame first has to wait. */
  #held: Deque<Held> | undefined;
  #timer: Timer;
  #isWaiting = false;

  readonly #read = ({ data, bytes }: Held) => this.#options.owner.read(data, bytes, false);

  constructor(options: RateGateOptions) {
    this.#options = options;
    if (options.shared !== undefined) options.shared.holders++;
  }

  /** A frame came. */
  put(data: Encoded, bytes: number): void {
    const { owner, now, incoming, overRate } = this.#options;
    const waitMs = this.#isWaiting ? 1 : this.#waitMs(now());
    if (waitMs === 0) {
      this.#charge(bytes);
      owner.read(data, bytes, false);
      return;
    }
    owner.noteOverRate(this.#isWaiting);
    if (overRate === "drop") owner.read(data, bytes, true);
    else if (overRate === "close") owner.tooFast(waitMs + RECOVERY_MS);
    else {
      const place = incoming.hold(Math.max(1, bytes));
      if (place === undefined) return;
      this.#held ??= new Deque();
      this.#held.push({ data, bytes, place });
      this.#wait(waitMs);
    }
  }

  /** A ping came, which the runtime answers; or a pong. */
  noteControl(bytes: number): void {
    const { owner, now, overRate } = this.#options;
    this.#charge(bytes);
    const waitMs = this.#isWaiting ? 0 : this.#waitMs(now());
    if (waitMs === 0) return;
    owner.noteOverRate(false);
    if (overRate === "drop") return;
    if (overRate === "close") owner.tooFast(waitMs + RECOVERY_MS);
    else this.#wait(waitMs);
  }

  /** The connection is gone: gives up what waits, and returns how many frames that was. */
  clear(): number {
    const { host, owner } = this.#options;
    let count = 0;
    for (let next = this.#held?.shift(); next !== undefined; next = this.#held?.shift()) {
      if (!next.place.isVoid) count++;
      next.place.leave();
    }
    if (this.#isWaiting) {
      this.#isWaiting = false;
      host.clearTimer(this.#timer);
      owner.resume();
    }
    return count;
  }

  /** The client's session is over. */
  end(): void {
    const { shared } = this.#options;
    if (shared !== undefined) shared.holders--;
  }

  #waitMs(now: number): number {
    const { own, shared } = this.#options;
    const waitMs = own.waitMs(now);
    return shared === undefined ? waitMs : Math.max(waitMs, shared.waitMs(now));
  }

  #charge(bytes: number): void {
    const { own, shared } = this.#options;
    own.charge(bytes);
    shared?.charge(bytes);
  }

  #wait(ms: number): void {
    if (this.#isWaiting) return;
    const { host, owner } = this.#options;
    this.#isWaiting = true;
    owner.pause();
    this.#timer = host.setTimer(ms, () => this.#goOn());
  }

  /** Time passed: reads what may pass by now. */
  #goOn(): void {
    const { host, owner, now, incoming } = this.#options;
    while (this.#isWaiting && this.#held !== undefined && this.#held.size > 0) {
      const waitMs = this.#waitMs(now());
      if (waitMs > 0) {
        this.#timer = host.setTimer(waitMs, () => this.#goOn());
        return;
      }
      const next = this.#held.shift();
      if (next === undefined) break;
      if (next.place.isVoid) {
        next.place.leave();
        continue;
      }
      this.#charge(next.bytes);
      incoming.hand(next.place, this.#read, next);
    }
    if (!this.#isWaiting) return;
    this.#isWaiting = false;
    owner.resume();
  }
}
