import type { VirtualClock } from "@sente-lite/protocol/testing";

/** What travels: a frame, the close of a socket, or its reset. */
export type Packet =
  | { readonly type: "frame"; readonly data: string }
  | {
      readonly type: "close";
      readonly code: number;
      readonly reason: string;
      /** It answers a close. */
      readonly isEcho?: boolean;
    };

/** What a network is like at the moment. */
export interface Link {
  isUp: boolean;
  latencyMs: number;
  /** Infinity: whatever is sent leaves at once. */
  bytesPerMs: number;
}

export interface PipeEvents {
  deliver(packet: Packet, sentAt: number): void;
  drop(packet: Packet, sentAt: number): void;
}

interface Flying {
  readonly packet: Packet;
  readonly sentAt: number;
  readonly leavesAt: number;
  takeBack: () => void;
}

/** One direction of a connection: first in, first out. */
export class Pipe {
  readonly #clock: VirtualClock;
  readonly #link: Link;
  readonly #events: PipeEvents;
  #flying: Flying[] = [];
  #freeAt = 0;
  #lastArrival = 0;
  #isCut = false;

  constructor(clock: VirtualClock, link: Link, events: PipeEvents) {
    this.#clock = clock;
    this.#link = link;
    this.#events = events;
  }

  /** Bytes that have not left. */
  get buffered(): number {
    let bytes = 0;
    for (const { packet, leavesAt } of this.#flying) if (leavesAt > this.#clock.now) bytes += sizeOf(packet);
    return bytes;
  }

  send(packet: Packet): void {
    const { now } = this.#clock;
    if (this.#isCut) {
      this.#events.drop(packet, now);
      return;
    }
    const { bytesPerMs, latencyMs } = this.#link;
    const leavesAt = Math.max(now, this.#freeAt) + Math.ceil(sizeOf(packet) / bytesPerMs);
    this.#freeAt = leavesAt;
    this.#fly({ packet, sentAt: now, leavesAt, takeBack: () => {} }, leavesAt + latencyMs);
  }

  /** Nothing gets through from now on. What is in flight is lost, or comes `lateMs` later. */
  cut(kept: { readonly lateMs: number } | undefined): void {
    this.#isCut = true;
    const flying = this.#flying;
    this.#flying = [];
    for (const one of flying) {
      one.takeBack();
      if (kept === undefined) this.#events.drop(one.packet, one.sentAt);
      else this.#fly(one, this.#clock.now + kept.lateMs);
    }
  }

  #fly(one: Flying, at: number): void {
    const arrivesAt = Math.max(at, this.#lastArrival);
    this.#lastArrival = arrivesAt;
    this.#flying.push(one);
    one.takeBack = this.#clock.after(arrivesAt - this.#clock.now, () => {
      this.#flying.splice(this.#flying.indexOf(one), 1);
      this.#events.deliver(one.packet, one.sentAt);
    });
  }
}

function sizeOf(packet: Packet): number {
  return packet.type === "frame" ? packet.data.length : 4;
}
