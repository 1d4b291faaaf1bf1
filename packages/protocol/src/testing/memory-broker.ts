import type { NodeId, StreamBounds, StreamRange, StreamRead, Topic } from "../backplane/backplane.ts";
import { BackplaneError } from "../backplane/backplane-error.ts";
import type { BackplaneClock } from "../backplane/clock.ts";
import type { RoomPosition } from "../rooms/position.ts";
import { type HistoryBounds, RoomLog } from "../rooms/room-log.ts";
import { type MemoryNode, type NodeBroker, noAnswer } from "./memory-node.ts";

/** The broker of a `MemoryBackplane`: who is here, who wants what, and what is kept. */
export class MemoryBroker implements NodeBroker {
  readonly #clock: BackplaneClock;
  readonly #nodes = new Map<NodeId, MemoryNode>();
  readonly #disconnected = new Set<NodeId>();
  readonly #topics = new Map<Topic, Set<NodeId>>();
  readonly #kept = new Map<string, { readonly bytes: Uint8Array; readonly until: number }>();
  readonly #streams = new Map<string, RoomLog<Uint8Array>>();
  #epochs = 0;

  constructor(clock: BackplaneClock) {
    this.#clock = clock;
  }

  node(id: NodeId): MemoryNode | undefined {
    return this.#nodes.get(id);
  }

  /** How many puts wait to be taken. */
  get kept(): number {
    return this.#kept.size;
  }

  add(node: MemoryNode): void {
    for (const other of this.#nodes.values()) {
      other.tell((inbox) => inbox.joined(node.id));
      node.tell((inbox) => inbox.joined(other.id));
    }
    this.#nodes.set(node.id, node);
  }

  /** Its connection is gone, and nobody knows that yet. */
  disconnect(id: NodeId): void {
    this.#disconnected.add(id);
  }

  connect(id: NodeId): void {
    this.#disconnected.delete(id);
  }

  isConnected(id: NodeId): boolean {
    return this.#nodes.has(id) && !this.#disconnected.has(id);
  }

  /** The others hear that it is gone. */
  remove(id: NodeId): void {
    this.#disconnected.delete(id);
    if (!this.#nodes.delete(id)) return;
    for (const ids of this.#topics.values()) ids.delete(id);
    for (const other of this.#nodes.values()) other.tell((inbox) => inbox.gone(id));
  }

  subscribe(id: NodeId, topic: Topic): void {
    const ids = this.#topics.get(topic) ?? new Set();
    this.#topics.set(topic, ids.add(id));
  }

  unsubscribe(id: NodeId, topic: Topic): void {
    const ids = this.#topics.get(topic);
    ids?.delete(id);
    if (ids?.size === 0) this.#topics.delete(topic);
  }

  post(from: NodeId, topic: Topic, bytes: Uint8Array, number: number): void {
    if (!this.#nodes.has(from)) return;
    for (const id of this.#topics.get(topic) ?? []) {
      if (id !== from) this.#nodes.get(id)?.deliver(from, topic, bytes, number);
    }
  }

  /** Posts of that node did not come here. */
  tellGap(from: NodeId): void {
    for (const node of this.#nodes.values()) if (node.id !== from) node.tell((inbox) => inbox.gap(from));
  }

  ask(
    from: NodeId,
    to: NodeId,
    bytes: Uint8Array,
    resolve: (answer: Uint8Array) => void,
    reject: (error: BackplaneError) => void,
  ): void {
    const asker = this.#nodes.get(from);
    const node = this.#nodes.get(to);
    if (asker === undefined) return;
    const fail = (error: BackplaneError) => asker.down.send(() => reject(error));
    if (node === undefined) {
      fail(noAnswer());
      return;
    }
    const failed = () => node.up.send(() => fail(new BackplaneError("answer-failed", "the node failed to answer")));
    node.tell((inbox) => {
      inbox.asked(from, bytes).then((answer) => {
        if (answer.length > node.maxBytes) failed();
        else node.up.send(() => asker.down.send(() => resolve(answer)));
      }, failed);
    });
  }

  put(key: string, bytes: Uint8Array, ttlMs: number): void {
    for (const [other, { until }] of this.#kept) if (until <= this.#clock.now) this.#kept.delete(other);
    this.#kept.set(key, { bytes, until: this.#clock.now + ttlMs });
  }

  take(key: string): Uint8Array | undefined {
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    return kept === undefined || kept.until <= this.#clock.now ? undefined : kept.bytes;
  }

  append(stream: string, bytes: Uint8Array, bounds: StreamBounds): RoomPosition {
    return this.#stream(stream).append(bytes, bytes.length, liftBytes(bounds), this.#clock.now);
  }

  read(stream: string, range: StreamRange, { ttlMs }: StreamBounds): StreamRead {
    const log = this.#stream(stream);
    log.expire(ttlMs, this.#clock.now);
    const { entries, isComplete, top } =
      "after" in range ? log.readAfter(range.after) : log.readLast(range.limit, range.before);
    return {
      entries: entries.slice(0, range.limit).map(({ offset, event }) => ({ offset, bytes: event })),
      isComplete,
      top,
    };
  }

  /** Forgets all that it kept, as a broker without a disk that starts again. */
  forget(): void {
    this.#kept.clear();
    this.#streams.clear();
  }

  #stream(name: string): RoomLog<Uint8Array> {
    const log = this.#streams.get(name) ?? new RoomLog<Uint8Array>(`epoch-${++this.#epochs}`);
    this.#streams.set(name, log);
    return log;
  }
}

function liftBytes({ size, ttlMs }: StreamBounds): HistoryBounds {
  return { size, ttlMs, maxBytes: Number.POSITIVE_INFINITY };
}
