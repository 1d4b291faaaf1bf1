import { UsageError } from "@sente-lite/protocol";
import { Deque } from "@sente-lite/protocol/queues";
import { DELIVERY, type Message, UNHANDLED } from "./delivery.ts";
import type { IncomingLimits } from "./incoming.ts";

interface Entry<M> {
  readonly message: M;
  isOver: boolean;
}

/**
 * The messages that came before the first consumer. No consumer is slow here, so no peer is paused or closed: at the
 * bound the oldest message is dropped, with one report. What a peer sent never pushes out what this side made up, nor
 * the reverse.
 */
export class EarlyMessages<M extends Message> {
  readonly #limits: IncomingLimits;
  readonly #messages = new Deque<Entry<M>>();
  readonly #peers = new Deque<Entry<M>>();
  readonly #own = new Deque<Entry<M>>();
  #bytes = 0;
  #isReported = false;

  constructor(limits: IncomingLimits) {
    this.#limits = limits;
  }

  put(message: M): void {
    const { place } = message[DELIVERY];
    const entry = { message, isOver: false };
    place.begin();
    this.#messages.push(entry);
    this.#compact();
    const { maxReceived, maxReceivedBytes } = this.#limits;
    if (place.bytes === 0) {
      this.#own.push(entry);
      if (this.#own.size > maxReceived) this.#forget(this.#own);
      return;
    }
    this.#peers.push(entry);
    this.#bytes += place.bytes;
    while (this.#peers.size > 1 && (this.#peers.size > maxReceived || this.#bytes > maxReceivedBytes)) {
      this.#bytes -= this.#forget(this.#peers);
    }
  }

  /** Takes them all out, in the order in which they came. */
  takeAll(): readonly M[] {
    const taken: M[] = [];
    for (let entry = this.#messages.shift(); entry !== undefined; entry = this.#messages.shift()) {
      if (!entry.isOver) taken.push(entry.message);
    }
    return taken;
  }

  /** Removes the entries that are over, many at a time. */
  #compact(): void {
    if (this.#messages.size < 2 * (this.#peers.size + this.#own.size) + 64) return;
    for (let rest = this.#messages.size; rest > 0; rest--) {
      const entry = this.#messages.shift();
      if (entry !== undefined && !entry.isOver) this.#messages.push(entry);
    }
  }

  #forget(queue: Deque<Entry<M>>): number {
    const entry = queue.shift();
    if (entry === undefined) return 0;
    entry.isOver = true;
    const { place, replyWithError, peer } = entry.message[DELIVERY];
    place.end();
    replyWithError?.(UNHANDLED);
    if (place.bytes > 0 && !this.#isReported) {
      this.#isReported = true;
      peer.report(new UsageError("unconsumed", UNCONSUMED), { source: "chRecv", id: entry.message.id });
    }
    return place.bytes;
  }
}

const UNCONSUMED = "nobody consumes what chRecv receives: the oldest events are left out (give it a consumer)";
