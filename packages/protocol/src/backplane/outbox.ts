import type { NodeId, Topic } from "./backplane.ts";
import type { Carrier, CarrierMessage } from "./carrier.ts";
import { encodeEnvelope, type Kind, kinds } from "./envelope.ts";
import { PostLog, type PostLogBounds } from "./post-log.ts";

/** The channel that every node hears. */
export const CONTROL = "c:";
const MAX_BATCH_BYTES = 1_048_576;
const MAX_WAITING_BYTES = 16 * 1_048_576;

/** A message that is no post. */
export interface Note {
  readonly channel: string;
  readonly kind: Kind;
  readonly about?: number;
  readonly topic?: string;
  readonly payload?: Uint8Array;
}

interface Waiting {
  readonly channel: string;
  readonly note: Note;
  readonly number: number;
}

const nothing = new Uint8Array();

/**
 * What a node says, in order: those of one turn of the loop in one go, the next when the broker has them. What the broker may
 * not have is said again; the others know it by its number.
 */
export class Outbox {
  readonly log: PostLog;
  readonly #node: NodeId;
  readonly #carrier: Carrier;
  readonly #now: () => number;
  #notes: Waiting[] = [];
  #noteBytes = 0;
  #number = 0;
  /** Up to this post the broker has all, or they are given up. */
  #acknowledged = 0;
  #isUp = true;
  #isFlushing = false;
  /** How often it came up. */
  #connections = 0;
  /** It came back: before anything else it says that it is there, so that what was lost on its way is asked for. */
  #hasToGreet = false;
  #isRefused = false;
  readonly #drained: (() => void)[] = [];

  constructor(node: NodeId, carrier: Carrier, bounds: PostLogBounds, now: () => number) {
    this.#node = node;
    this.#carrier = carrier;
    this.#now = now;
    this.log = new PostLog(bounds);
  }

  set isUp(isUp: boolean) {
    this.#isUp = isUp;
    if (!isUp) return;
    this.#connections++;
    this.#hasToGreet = true;
    this.#plan();
  }

  /** The last that was published was not taken. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  post(topic: Topic, bytes: Uint8Array | undefined): number {
    const number = this.log.add(topic, bytes, this.#now());
    this.#plan();
    return number;
  }

  say(note: Note): void {
    this.#notes.push({ channel: note.channel, note, number: ++this.#number });
    this.#noteBytes += note.payload?.length ?? 0;
    // Of questions and answers the oldest have waited too long by now.
    while (this.#noteBytes > MAX_WAITING_BYTES && this.#notes.length > 1) this.#forget(1);
    this.#plan();
  }

  /** Resolves when the broker has all. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained.push(resolve);
      this.#plan();
    });
  }

  #plan(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    // At the end of this turn.
    void Promise.resolve().then(() => this.#flush());
  }

  async #flush(): Promise<void> {
    for (;;) {
      this.log.expire(this.#acknowledged, this.#now());
      const isIdle = this.log.number <= this.#acknowledged && this.#notes.length === 0 && !this.#hasToGreet;
      if (isIdle) for (const resolve of this.#drained.splice(0)) resolve();
      if (!this.#isUp || isIdle) break;
      const connection = this.#connections;
      const posts = this.log.after(this.#acknowledged, MAX_BATCH_BYTES);
      const acknowledged = posts.at(-1)?.number ?? Math.max(this.#acknowledged, this.log.first - 1);
      const notes = this.#notes.slice(0, 1_000);
      const messages: CarrierMessage[] = [];
      // Without a number: what waits has lower ones than the next.
      if (this.#hasToGreet) messages.push(this.#message(CONTROL, kinds.hello, 0, this.#acknowledged, "", nothing));
      // Some were given up before the broker had them.
      if (this.log.first > this.#acknowledged + 1) messages.push(this.#makeLost());
      for (const { topic, number, previous, bytes } of posts) {
        if (bytes === undefined) messages.push(this.#makeLost());
        else messages.push(this.#message(`t:${topic}`, kinds.post, number, previous, topic, bytes));
      }
      for (const { channel, note, number } of notes) {
        const { kind, topic = "", payload = nothing } = note;
        messages.push(this.#message(channel, kind, number, note.about ?? acknowledged, topic, payload));
      }
      try {
        await this.#carrier.publish(messages);
      } catch {
        // Where the broker is away, it is tried on its return; otherwise at the next beat.
        this.#isRefused = true;
        if (this.#connections !== connection) continue;
        break;
      }
      this.#isRefused = false;
      if (this.#connections === connection) this.#hasToGreet = false;
      this.#acknowledged = acknowledged;
      const at = notes.at(-1)?.number ?? 0;
      this.#forget(this.#notes.filter(({ number }) => number <= at).length);
    }
    this.#isFlushing = false;
  }

  #forget(count: number): void {
    for (const { note } of this.#notes.splice(0, count)) this.#noteBytes -= note.payload?.length ?? 0;
  }

  #makeLost(): CarrierMessage {
    // Heard twice it is the same: it has no number.
    return this.#message(CONTROL, kinds.lost, 0, 0, "", nothing);
  }

  #message(
    channel: string,
    kind: Kind,
    number: number,
    about: number,
    topic: string,
    payload: Uint8Array,
  ): CarrierMessage {
    return { channel, bytes: encodeEnvelope({ kind, from: this.#node, number, about, topic, payload }) };
  }
}
