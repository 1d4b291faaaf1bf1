import { JetStreamApiError, StorageType } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import { makeStream } from "./make-stream.ts";
import { keyPart } from "./names.ts";

/** How long the bucket keeps anything. */
export const DAY_MS = 86_400_000;
const HEAD_BYTES = 8;
/** "wrong last sequence": somebody else was first. */
const WRONG_SEQUENCE = 10_071;

/** What is put, until it is taken: a bucket whose entries begin with how long they are good. */
export class Kept {
  readonly #connection: NatsConnection;
  readonly #bucket: string;
  readonly #replicas: number;
  #kv: Promise<KV> | undefined;

  constructor(connection: NatsConnection, prefix: string, replicas: number) {
    this.#connection = connection;
    this.#bucket = `${prefix}-kept`;
    this.#replicas = replicas;
  }

  /** Makes the bucket, where it is not there, or was forgotten. */
  open(): Promise<KV> {
    const kv = makeStream(() =>
      new Kvm(this.#connection).create(this.#bucket, {
        history: 1,
        ttl: DAY_MS,
        storage: StorageType.File,
        replicas: this.#replicas,
      }),
    );
    kv.catch(() => undefined);
    this.#kv = kv;
    return kv;
  }

  async put(key: string, bytes: Uint8Array, ttlMs: number): Promise<void> {
    const value = new Uint8Array(HEAD_BYTES + bytes.length);
    new DataView(value.buffer).setFloat64(0, ttlMs);
    value.set(bytes, HEAD_BYTES);
    await (await this.#open()).put(keyPart(key), value);
  }

  /** Whoever deletes the revision that was read has it. */
  async take(key: string): Promise<Uint8Array | undefined> {
    const kv = await this.#open();
    const name = keyPart(key);
    for (;;) {
      const entry = await kv.get(name);
      if (entry === null || entry.operation !== "PUT" || entry.value.length < HEAD_BYTES) return undefined;
      try {
        await kv.delete(name, { previousSeq: entry.revision });
      } catch (error) {
        // Somebody else took it, or put something in its place.
        if (isTooLate(error)) continue;
        throw error;
      }
      const { buffer, byteOffset } = entry.value;
      const ttlMs = new DataView(buffer, byteOffset).getFloat64(0);
      // By the clock of NATS, which has written both times.
      const marker = await kv.get(name);
      const isOver = marker !== null && marker.created.getTime() - entry.created.getTime() > ttlMs;
      return isOver ? undefined : new Uint8Array(entry.value.subarray(HEAD_BYTES));
    }
  }

  #open(): Promise<KV> {
    return this.#kv ?? this.open();
  }
}

/** True where the revision is not the last one any more. */
export function isTooLate(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === WRONG_SEQUENCE;
}
