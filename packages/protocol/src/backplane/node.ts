import type { SenteError } from "../errors.ts";
import type { Inbox, Membership, NodeId, StreamBounds, StreamRange, Streams, Topic } from "./backplane.ts";
import { BackplaneError } from "./backplane-error.ts";
import type { Carrier } from "./carrier.ts";
import type { BackplaneClock } from "./clock.ts";
import { decodeEnvelope, ENVELOPE_BYTES, type Envelope, kinds } from "./envelope.ts";
import { checkNodeId, checkTopic } from "./names.ts";
import { CONTROL, Outbox } from "./outbox.ts";
import { Peers } from "./peers.ts";
import { failure, Questions } from "./questions.ts";
import { Subscriptions } from "./subscriptions.ts";

/** What a membership is made with, beside the broker. */
export interface NodeOptions {
  readonly node: NodeId;
  readonly inbox: Inbox;
  readonly clock: BackplaneClock;
  readonly leaseMs: number;
  /** How many posts are kept for nodes that were without the broker, and while it is away. */
  readonly keptPosts: number;
  /** What those take. */
  readonly keptBytes: number;
}

/** The channel of a node. */
const channelOf = (node: NodeId) => `n:${node}`;
/** How often in a lease a node says that it is there. */
const BEATS = 4;
const LEAVE_MS = 2_000;

/** A membership over a broker that can do what a `Carrier` does. */
export class BrokerNode implements Membership {
  readonly maxBytes: number;
  readonly #options: NodeOptions;
  readonly #carrier: Carrier;
  readonly #outbox: Outbox;
  readonly #peers: Peers;
  readonly #questions: Questions;
  readonly #subscriptions: Subscriptions;
  readonly streams?: Streams;
  readonly isConnected?: (node: NodeId) => Promise<boolean>;
  #isOver = false;
  #isUp = true;
  #isRefused = false;
  #stopBeats: () => void = () => undefined;
  /** Who waits for the broker, or for the end. */
  readonly #waiting: { readonly resolve: () => void; readonly reject: (error: BackplaneError) => void }[] = [];

  constructor(options: NodeOptions, carrier: Carrier) {
    const { node, inbox, clock, leaseMs, keptPosts, keptBytes } = options;
    this.#options = options;
    this.#carrier = carrier;
    this.maxBytes = carrier.maxBytes - ENVELOPE_BYTES;
    this.#questions = new Questions(clock);
    this.#subscriptions = new Subscriptions(carrier);
    // Who was away for a lease knows of the beat before that.
    const bounds = { posts: keptPosts, bytes: keptBytes, ms: 2 * leaseMs };
    this.#outbox = new Outbox(node, carrier, bounds, () => clock.now);
    this.#peers = new Peers({
      node,
      inbox,
      clock,
      leaseMs,
      beatMs: leaseMs / BEATS,
      isSubscribed: (topic) => this.#subscriptions.has(topic),
      say: (note) => this.#outbox.say(note),
      lose: () => this.#lose(),
      gone: (peer) => this.#questions.failAll("no-answer", peer),
    });
    if (carrier.hasSubscriber !== undefined) {
      this.isConnected = async (other) => {
        this.#check(checkNodeId(other));
        this.#checkUp();
        return carrier.hasSubscriber?.(channelOf(other)) ?? true;
      };
    }
    const { streams } = carrier;
    if (streams !== undefined) {
      this.streams = {
        append: async (stream, bytes, bounds: StreamBounds) => {
          this.#check(stream, bytes);
          this.#checkUp();
          return streams.append(stream, bytes, bounds);
        },
        read: async (stream, range: StreamRange, bounds) => {
          this.#check(stream);
          this.#checkUp();
          return streams.read(stream, range, bounds);
        },
      };
    }
  }

  /** Begins: the others hear of it. */
  async begin(): Promise<void> {
    const { node } = this.#options;
    await this.#carrier.subscribe(CONTROL);
    await this.#carrier.subscribe(channelOf(node));
    if (this.#isOver) return;
    this.#outbox.say({ channel: CONTROL, kind: kinds.hello });
    this.#planBeat();
    this.#beat();
  }

  /** It has not begun in time: it will not. */
  giveUp(): void {
    this.#end();
  }

  async subscribe(topic: Topic): Promise<void> {
    this.#check(checkTopic(topic));
    await this.#subscriptions.add(topic);
  }

  unsubscribe(topic: Topic): void {
    this.#subscriptions.delete(topic);
    this.#peers.forget(topic);
  }

  post(topic: Topic, bytes: Uint8Array): number {
    if (this.#isOver) return this.#outbox.log.number;
    if (bytes.length <= this.maxBytes) return this.#outbox.post(topic, bytes);
    this.#options.inbox.failed(this.#tooLarge(bytes));
    return this.#outbox.post(topic, undefined);
  }

  async ask(node: NodeId, bytes: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    this.#check(checkNodeId(node), bytes);
    if (this.#peers.isGone(node)) throw failure("no-answer");
    return this.#questions.ask(node, timeoutMs, (about) => {
      this.#outbox.say({ channel: channelOf(node), kind: kinds.question, about, payload: bytes });
    });
  }

  async put(key: string, bytes: Uint8Array, ttlMs: number): Promise<void> {
    this.#check(checkTopic(key), bytes);
    this.#checkUp();
    await this.#carrier.put(key, bytes, ttlMs);
  }

  async take(key: string): Promise<Uint8Array | undefined> {
    this.#check(checkTopic(key));
    this.#checkUp();
    return this.#carrier.take(key);
  }

  async whenUp(): Promise<void> {
    if (this.#isOver) throw failure("left");
    if (!this.#isUp) await new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async leave(): Promise<void> {
    if (this.#isOver) return;
    this.#end();
    this.#outbox.say({ channel: CONTROL, kind: kinds.bye });
    await this.#closeOnceSaid();
  }

  down(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#outbox.isUp = false;
    if (this.#isOver) return;
    this.#peers.down();
    this.#options.inbox.failed(away());
  }

  up(): void {
    if (this.#isUp) return;
    this.#isUp = true;
    this.#outbox.isUp = true;
    if (this.#isOver) return;
    this.#subscriptions.up();
    this.#peers.up();
    this.#beat();
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  failed(error: SenteError): void {
    if (!this.#isOver) this.#options.inbox.failed(error);
  }

  received(bytes: Uint8Array): void {
    if (this.#isOver) return;
    const message = decodeEnvelope(bytes);
    if (message.kind !== "unreadable") this.#hear(message);
    else if (message.from !== this.#options.node) {
      this.failed(new BackplaneError("unreadable", "what came is no message of a node of this version"));
      if (message.from !== undefined) this.#peers.noteUnreadable(message.from);
    }
  }

  #hear(message: Envelope): void {
    const { kind, from, about, payload } = message;
    const { node } = this.#options;
    if (from === node) {
      if (kind === kinds.beat) this.#peers.echo();
      return;
    }
    // Of a stranger nothing counts, and what was said twice counts once.
    if (!this.#peers.hear(message)) return;
    if (kind === kinds.question) void this.#answer(from, about, payload);
    else if (kind === kinds.answer) this.#questions.answer(about, from, payload);
    else if (kind === kinds.failure) this.#questions.fail(about, from, "answer-failed");
    else if (kind === kinds.missed) this.#peers.tellMissed(from, about, this.#outbox.log, this.maxBytes);
  }

  async #answer(node: NodeId, about: number, bytes: Uint8Array): Promise<void> {
    const channel = channelOf(node);
    try {
      const payload = await this.#options.inbox.asked(node, bytes);
      if (payload.length > this.maxBytes) throw this.#tooLarge(payload);
      this.#outbox.say({ channel, kind: kinds.answer, about, payload });
    } catch {
      this.#outbox.say({ channel, kind: kinds.failure, about });
    }
  }

  #planBeat(): void {
    this.#stopBeats = this.#options.clock.after(this.#options.leaseMs / BEATS, () => {
      this.#planBeat();
      if (this.#isUp) {
        this.#tellRefusal();
        this.#beat();
      }
      this.#peers.tick();
    });
  }

  #beat(): void {
    this.#outbox.say({ channel: CONTROL, kind: kinds.beat });
  }

  /** A broker that is there, and takes nothing for a while: it is told once. */
  #tellRefusal(): void {
    if (this.#outbox.isRefused && !this.#isRefused) this.failed(refused());
    this.#isRefused = this.#outbox.isRefused;
  }

  /** The others hold it for gone. */
  #lose(): void {
    if (this.#isOver) return;
    const { inbox, node } = this.#options;
    this.#end();
    inbox.gone(node);
    void this.#closeOnceSaid();
  }

  /** What was said last goes out, if the broker takes it in time. */
  async #closeOnceSaid(): Promise<void> {
    let takeBack: (() => void) | undefined;
    const late = new Promise<void>((resolve) => {
      takeBack = this.#options.clock.after(LEAVE_MS, resolve);
    });
    await Promise.race([this.#outbox.drained(), late]);
    takeBack?.();
    await this.#carrier.close();
  }

  #end(): void {
    this.#isOver = true;
    this.#stopBeats();
    this.#questions.failAll("left");
    for (const { reject } of this.#waiting.splice(0)) reject(failure("left"));
    this.#subscriptions.end();
  }

  /** That it is not over, and the bytes are not too many. */
  #check(name: string, bytes?: Uint8Array): void {
    checkTopic(name);
    if (this.#isOver) throw failure("left");
    if (bytes !== undefined && bytes.length > this.maxBytes) throw this.#tooLarge(bytes);
  }

  /** What only the broker can do does not wait for it. */
  #checkUp(): void {
    if (!this.#isUp) throw away();
  }

  #tooLarge(bytes: Uint8Array): BackplaneError {
    return new BackplaneError("too-large", `${bytes.length} bytes are more than ${this.maxBytes}`);
  }
}

function away(): BackplaneError {
  return new BackplaneError("unreachable", "the broker is away");
}

function refused(): BackplaneError {
  return new BackplaneError("unreachable", "the broker takes nothing that is posted");
}
