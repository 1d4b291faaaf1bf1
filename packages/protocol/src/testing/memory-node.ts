import type {
  Inbox,
  Membership,
  NodeId,
  StreamBounds,
  StreamRange,
  StreamRead,
  Streams,
  Topic,
} from "../backplane/backplane.ts";
import { BackplaneError } from "../backplane/backplane-error.ts";
import type { BackplaneClock } from "../backplane/clock.ts";
import { checkTopic } from "../backplane/names.ts";
import type { RoomPosition } from "../rooms/position.ts";
import { MemoryHop } from "./memory-hop.ts";

/** What a node needs of its broker. */
export interface NodeBroker {
  tellGap(from: NodeId): void;
  subscribe(id: NodeId, topic: Topic): void;
  unsubscribe(id: NodeId, topic: Topic): void;
  post(from: NodeId, topic: Topic, bytes: Uint8Array, number: number): void;
  ask(
    from: NodeId,
    to: NodeId,
    bytes: Uint8Array,
    resolve: (answer: Uint8Array) => void,
    reject: (error: BackplaneError) => void,
  ): void;
  put(key: string, bytes: Uint8Array, ttlMs: number): void;
  take(key: string): Uint8Array | undefined;
  append(stream: string, bytes: Uint8Array, bounds: StreamBounds): RoomPosition;
  read(stream: string, range: StreamRange, bounds: StreamBounds): StreamRead;
  isConnected(id: NodeId): boolean;
  remove(id: NodeId): void;
}

/** What a node of a `MemoryBackplane` is made with. */
export interface MemoryNodeOptions {
  readonly id: NodeId;
  readonly inbox: Inbox;
  readonly broker: NodeBroker;
  readonly clock: BackplaneClock;
  readonly latencyMs: number;
  readonly keptPosts: number;
  readonly maxBytes: number;
}

/** One node of a `MemoryBackplane`: its membership, and the ways to the broker and back. */
export class MemoryNode implements Membership {
  readonly id: NodeId;
  readonly inbox: Inbox;
  readonly maxBytes: number;
  readonly streams: Streams;
  /** To the broker, and from it. */
  readonly up: MemoryHop;
  readonly down: MemoryHop;
  /** What the node wants; the broker has its own list, which is later. */
  readonly #topics = new Set<Topic>();
  readonly #broker: NodeBroker;
  readonly #clock: BackplaneClock;
  /** What waits for the broker: rejects it when the membership ends. */
  readonly #waiting = new Set<(error: BackplaneError) => void>();
  readonly #untilUp = new Set<() => void>();
  #posts = 0;
  #hasLeft = false;

  constructor({ id, inbox, broker, clock, latencyMs, keptPosts, maxBytes }: MemoryNodeOptions) {
    this.id = id;
    this.inbox = inbox;
    this.maxBytes = maxBytes;
    this.#broker = broker;
    this.#clock = clock;
    this.up = new MemoryHop(clock, latencyMs, keptPosts, () => broker.tellGap(id));
    this.down = new MemoryHop(clock, latencyMs, keptPosts, () => this.#hear((one) => one.gap("all")));
    this.streams = {
      append: (stream, bytes, bounds) => this.#append(stream, bytes, bounds),
      read: (stream, range, bounds) => this.#read(stream, range, bounds),
    };
  }

  async subscribe(topic: Topic): Promise<void> {
    checkTopic(topic);
    this.#topics.add(topic);
    await this.#roundTrip(() => this.#broker.subscribe(this.id, topic));
  }

  unsubscribe(topic: Topic): void {
    this.#topics.delete(topic);
    this.up.send(() => {
      if (!this.#topics.has(topic)) this.#broker.unsubscribe(this.id, topic);
    });
  }

  post(topic: Topic, bytes: Uint8Array): number {
    this.#posts++;
    const number = this.#posts;
    if (this.#hasLeft) return number;
    if (bytes.length > this.maxBytes) {
      this.inbox.failed(makeTooLarge(bytes, this.maxBytes));
      this.up.send(() => this.#broker.tellGap(this.id));
    } else {
      this.up.post(() => this.#broker.post(this.id, topic, bytes, number));
    }
    return number;
  }

  async ask(node: NodeId, bytes: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    this.#checkSize(bytes);
    return this.#wait((resolve, reject) => {
      const takeBack = this.#clock.after(timeoutMs, () => reject(noAnswer()));
      this.up.send(() => this.#broker.ask(this.id, node, bytes, resolve, reject));
      return takeBack;
    });
  }

  async put(key: string, bytes: Uint8Array, ttlMs: number): Promise<void> {
    checkTopic(key);
    this.#checkSize(bytes);
    await this.#command(() => this.#broker.put(key, bytes, ttlMs));
  }

  async take(key: string): Promise<Uint8Array | undefined> {
    checkTopic(key);
    return this.#command(() => this.#broker.take(key));
  }

  async isConnected(node: NodeId): Promise<boolean> {
    return this.#command(() => this.#broker.isConnected(node));
  }

  whenUp(): Promise<void> {
    return this.#wait((resolve) => {
      if (this.up.isHeld) this.#untilUp.add(resolve);
      else resolve();
      return () => this.#untilUp.delete(resolve);
    });
  }

  /** Its way to the broker is there again. */
  noteUp(): void {
    for (const resolve of this.#untilUp) resolve();
  }

  async leave(): Promise<void> {
    if (this.#hasLeft) return;
    this.end();
    const left = new Promise<void>((resolve) => {
      this.up.send(() => {
        this.#broker.remove(this.id);
        resolve();
      });
    });
    if (!this.up.isHeld) await left;
  }

  /** From now on it hears nothing, and can do nothing. */
  end(): void {
    this.#hasLeft = true;
    this.#topics.clear();
    for (const reject of this.#waiting) reject(new BackplaneError("left", "this membership is over"));
  }

  /** Something for the inbox, after what is on its way to it. */
  tell(say: (inbox: Inbox) => void): void {
    this.down.send(() => this.#hear(say));
  }

  deliver(from: NodeId, topic: Topic, bytes: Uint8Array, number: number): void {
    this.down.post(() =>
      this.#hear((inbox) => {
        if (this.#topics.has(topic)) inbox.posted(from, topic, bytes, number);
      }),
    );
  }

  #hear(say: (inbox: Inbox) => void): void {
    if (!this.#hasLeft) say(this.inbox);
  }

  async #append(stream: string, bytes: Uint8Array, bounds: StreamBounds): Promise<RoomPosition> {
    checkTopic(stream);
    this.#checkSize(bytes);
    return this.#command(() => this.#broker.append(stream, bytes, bounds));
  }

  async #read(stream: string, range: StreamRange, bounds: StreamBounds): Promise<StreamRead> {
    checkTopic(stream);
    return this.#command(() => this.#broker.read(stream, range, bounds));
  }

  #checkSize(bytes: Uint8Array): void {
    if (bytes.length > this.maxBytes) throw makeTooLarge(bytes, this.maxBytes);
  }

  /** What only the broker can do; while it is away, it is not waited for. */
  async #command<T>(run: () => T): Promise<T> {
    if (this.up.isHeld && !this.#hasLeft) throw new BackplaneError("unreachable", "the broker is away");
    return this.#roundTrip(run);
  }

  #roundTrip<T>(run: () => T): Promise<T> {
    return this.#wait((resolve) => {
      this.up.send(() => {
        const result = run();
        this.down.send(() => resolve(result));
      });
      return undefined;
    });
  }

  /** What `begin` comes to, or the end of the membership; what it returns is called then. */
  #wait<T>(
    begin: (resolve: (value: T) => void, reject: (error: BackplaneError) => void) => (() => void) | undefined,
  ): Promise<T> {
    if (this.#hasLeft) return Promise.reject(new BackplaneError("left", "this membership is over"));
    return new Promise<T>((resolve, reject) => {
      let end: (() => void) | undefined;
      const fail = (error: BackplaneError) => {
        this.#waiting.delete(fail);
        end?.();
        reject(error);
      };
      this.#waiting.add(fail);
      end = begin((value) => {
        this.#waiting.delete(fail);
        end?.();
        resolve(value);
      }, fail);
    });
  }
}

function makeTooLarge(bytes: Uint8Array, maxBytes: number): BackplaneError {
  return new BackplaneError("too-large", `${bytes.length} bytes are more than ${maxBytes}`);
}

/** The error of a question without an answer. */
export function noAnswer(): BackplaneError {
  return new BackplaneError("no-answer", "the node did not answer");
}
