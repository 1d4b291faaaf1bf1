import { MemoryBroker } from "../testing/memory-broker.ts";
import type { VirtualClock } from "../testing/virtual-clock.ts";
import type { Backplane, NodeId } from "./backplane.ts";
import type { Carrier, CarrierEvents } from "./carrier.ts";
import { joinThrough } from "./join.ts";

const LATENCY_MS = 1;

/** A connection of a node. */
class Line {
  readonly #events: CarrierEvents;
  readonly #clock: VirtualClock;
  readonly channels = new Set<string>();
  isUp = true;
  isClosed = false;
  /** How many of the messages that come next are lost on their way here. */
  losing = 0;

  constructor(events: CarrierEvents, clock: VirtualClock) {
    this.#events = events;
    this.#clock = clock;
  }

  /** Rejects as a driver whose connection is gone. */
  check(): void {
    if (!this.isUp || this.isClosed) throw new Error("no connection");
  }

  down(): void {
    this.isUp = false;
    this.#events.down();
  }

  up(): void {
    this.isUp = true;
    this.#events.up();
  }

  deliver(channel: string, bytes: Uint8Array): void {
    if (!this.isUp || this.isClosed || !this.channels.has(channel)) return;
    if (this.losing > 0) {
      this.losing--;
      return;
    }
    this.#clock.after(LATENCY_MS, () => {
      if (this.isUp && !this.isClosed) this.#events.received(bytes);
    });
  }
}

/** What of a broker a test does itself: what is absent is done at once. */
export interface BrokerScript {
  /** Before a connection is there. */
  connect?: (() => Promise<void>) | undefined;
  /** Before it says that the subscription is in force, which it is. */
  subscribe?: ((channel: string) => Promise<void>) | undefined;
}

/** A broker in virtual time, for memberships by `joinThrough`. What is on its way over a connection that is cut is lost. */
export class VirtualBroker implements Backplane {
  readonly script: BrokerScript = {};
  readonly clock: VirtualClock;
  readonly #leaseMs: number;
  readonly #kept: MemoryBroker;
  readonly #lines = new Map<NodeId, Line>();
  /** The lines of a server of the broker that has lost the others. */
  readonly #apart = new Set<Line>();

  constructor(clock: VirtualClock, leaseMs = 10_000) {
    this.clock = clock;
    this.#leaseMs = leaseMs;
    this.#kept = new MemoryBroker(clock);
  }

  readonly join: Backplane["join"] = (node, inbox) =>
    joinThrough({
      node,
      inbox,
      clock: this.clock,
      leaseMs: this.#leaseMs,
      connect: async (events) => {
        await this.script.connect?.();
        const line = new Line(events, this.clock);
        this.#lines.set(node, line);
        return this.#carrierOf(line);
      },
    });

  /** Those nodes have no connection until `heal`. */
  cut(...nodes: readonly NodeId[]): void {
    for (const node of nodes) this.#line(node).down();
  }

  heal(...nodes: readonly NodeId[]): void {
    for (const node of nodes) this.#line(node).up();
  }

  /** The next so many messages to that node are lost, and nobody notices, as where two servers of a broker lose each other. */
  lose(node: NodeId, messages: number): void {
    this.#line(node).losing = messages;
  }

  /** Those nodes and the others are at two servers of the broker, which have lost each other until `unite`: nobody notices. */
  part(...nodes: readonly NodeId[]): void {
    for (const node of nodes) this.#apart.add(this.#line(node));
  }

  unite(): void {
    this.#apart.clear();
  }

  /** What was put, and the streams, are no more, as of a broker without a disk that starts again. */
  forget(): void {
    this.#kept.forget();
  }

  isClosed(node: NodeId): boolean {
    return this.#line(node).isClosed;
  }

  /** That node hears it. */
  receive(node: NodeId, channel: string, bytes: Uint8Array): void {
    this.#line(node).deliver(channel, bytes);
  }

  #line(node: NodeId): Line {
    const line = this.#lines.get(node);
    if (line === undefined) throw new Error(`no node ${node} has connected`);
    return line;
  }

  #carrierOf(line: Line): Carrier {
    /** Does it when it is with the broker; resolves when the answer is back, as long as the connection is. */
    const ask = async <T>(run: () => T): Promise<T> => {
      line.check();
      await this.#pass();
      line.check();
      const result = run();
      await this.#pass();
      line.check();
      return result;
    };
    return {
      maxBytes: 1_000_000,
      publish: (messages) =>
        ask(() => {
          for (const { channel, bytes } of messages) {
            for (const to of this.#lines.values()) {
              if (this.#apart.has(to) === this.#apart.has(line)) to.deliver(channel, bytes);
            }
          }
        }),
      subscribe: async (channel) => {
        await ask(() => line.channels.add(channel));
        await this.script.subscribe?.(channel);
      },
      unsubscribe: (channel) => void line.channels.delete(channel),
      put: (key, bytes, ttlMs) => ask(() => this.#kept.put(key, bytes, ttlMs)),
      take: (key) => ask(() => this.#kept.take(key)),
      streams: {
        append: (stream, bytes, bounds) => ask(() => this.#kept.append(stream, bytes, bounds)),
        read: (stream, range, bounds) => ask(() => this.#kept.read(stream, range, bounds)),
      },
      close: async () => {
        line.isClosed = true;
      },
    };
  }

  #pass(): Promise<void> {
    return new Promise((resolve) => this.clock.after(LATENCY_MS, resolve));
  }
}

/** Lets so many ms pass, and between two timers all that waits for promises. */
export async function pass(clock: VirtualClock, ms: number): Promise<void> {
  const until = clock.now + ms;
  do await new Promise((resolve) => setImmediate(resolve));
  while (clock.step(until));
  clock.advance(until - clock.now);
}
