import type { NatsConnection, Subscription } from "@nats-io/transport-node";
import type { Carrier, CarrierEvents, CarrierMessage, Streams } from "@sente-lite/protocol/backplane";
import { closeConnection } from "./dialling.ts";
import { Kept } from "./kept.ts";
import { subjectPart } from "./names.ts";
import { NatsStreams } from "./streams.ts";
import { makeUnreachable, translateErrors } from "./unreachable.ts";

/** What headers and the protocol of NATS add to a message, at most. */
const HEAD_BYTES = 1_024;
const AGAIN_MS = 100;
/** What NATS says of a subject that nobody has is here within that. */
const NOBODY_MS = 250;

/** What a node of sente-lite asks of a broker, by subjects and JetStream. */
export class NatsCarrier implements Carrier {
  readonly maxBytes: number;
  readonly streams: Streams;
  readonly #connection: NatsConnection;
  readonly #events: CarrierEvents;
  readonly #prefix: string;
  readonly #kept: Kept;
  readonly #histories: NatsStreams;
  readonly #subscriptions = new Map<string, Subscription>();
  /** Counts the connections, so that of one that is gone nothing is said any more. */
  #connections = 0;

  constructor(connection: NatsConnection, events: CarrierEvents, prefix: string, replicas: number) {
    this.#connection = connection;
    this.#events = events;
    this.#prefix = prefix;
    this.maxBytes = (connection.info?.max_payload ?? 1_048_576) - HEAD_BYTES;
    this.#kept = new Kept(connection, prefix, replicas);
    this.#histories = new NatsStreams(connection, prefix, replicas);
    this.streams = this.#histories;
  }

  async open(): Promise<void> {
    await Promise.all([this.#kept.open(), this.#histories.open()]);
    void this.#watch();
  }

  async publish(messages: readonly CarrierMessage[]): Promise<void> {
    await translateErrors(
      (async () => {
        for (const { channel, bytes } of messages) this.#connection.publish(this.#subjectOf(channel), bytes);
        await this.#connection.flush();
      })(),
    );
  }

  async subscribe(channel: string): Promise<void> {
    if (!this.#subscriptions.has(channel)) {
      const callback = (
        error: Error | null,
        { data, reply }: { readonly data: Uint8Array; readonly reply?: string },
      ) => {
        // Somebody asks NATS whether we are here, and has the answer by that.
        if (reply !== undefined && reply !== "") return;
        // Of a Buffer, which few would tell from one by its type.
        if (error === null) this.#events.received(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      };
      this.#subscriptions.set(channel, this.#connection.subscribe(this.#subjectOf(channel), { callback }));
    }
    await translateErrors(this.#connection.flush());
  }

  unsubscribe(channel: string): void {
    this.#subscriptions.get(channel)?.unsubscribe();
    this.#subscriptions.delete(channel);
  }

  /** NATS says at once where nobody is; who is here does not answer. */
  async hasSubscriber(channel: string): Promise<boolean> {
    try {
      await this.#connection.request(this.#subjectOf(channel), undefined, { timeout: NOBODY_MS });
      return true;
    } catch (error) {
      // By their names: another transport may have classes of its own.
      const names = [error, (error as Error).cause].map((one) => (one as Error | undefined)?.name);
      if (names.includes("TimeoutError")) return true;
      if (names.includes("NoResponders")) return false;
      throw makeUnreachable(error);
    }
  }

  put(key: string, bytes: Uint8Array, ttlMs: number): Promise<void> {
    return translateErrors(this.#kept.put(key, bytes, ttlMs));
  }

  take(key: string): Promise<Uint8Array | undefined> {
    return translateErrors(this.#kept.take(key));
  }

  close(): Promise<void> {
    return closeConnection(this.#connection);
  }

  #subjectOf(channel: string): string {
    return `${this.#prefix}.${subjectPart(channel)}`;
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.#connection.status()) {
      if (type === "disconnect") {
        this.#connections++;
        this.#events.down();
      } else if (type === "reconnect") void this.#comeBack(this.#connections);
    }
  }

  /**
   * The client has subscribed again: when NATS has that, posts go and come as before. What is kept waits until JetStream is
   * there, which in a cluster may take longer than a lease.
   */
  async #comeBack(connection: number): Promise<void> {
    if (!(await this.#retry(connection, () => this.#connection.flush()))) return;
    // Whoever puts or takes from now on waits for that.
    void this.#retry(connection, () => Promise.all([this.#kept.open(), this.#histories.open()]));
    this.#events.up();
  }

  /** Until it is done; false where that connection went meanwhile. */
  async #retry(connection: number, run: () => Promise<unknown>): Promise<boolean> {
    while (connection === this.#connections && !this.#connection.isClosed()) {
      try {
        await run();
        return connection === this.#connections;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }
    return false;
  }
}
