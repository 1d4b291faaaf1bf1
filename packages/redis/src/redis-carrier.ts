import { Buffer } from "node:buffer";
import { BackplaneError, type Carrier, type CarrierMessage, type Streams } from "@sente-lite/protocol/backplane";
import type { Connection, Word } from "./connection.ts";
import { RedisStreams } from "./streams.ts";

/** What a node of sente-lite asks of a broker, by commands of Redis. */
export class RedisCarrier implements Carrier {
  readonly maxBytes: number;
  readonly streams: Streams;
  readonly #connection: Connection;
  readonly #prefix: string;

  constructor(connection: Connection, prefix: string, maxBytes: number) {
    this.maxBytes = maxBytes;
    this.#prefix = prefix;
    this.#connection = {
      call: (key: string, words: readonly Word[]) => translateErrors(connection.call(key, words)),
      publish: (messages) => translateErrors(connection.publish(messages)),
      subscribe: (channel) => translateErrors(connection.subscribe(channel)),
      unsubscribe: (channel) => translateErrors(connection.unsubscribe(channel)),
      countSubscribers: (channel) => translateErrors(connection.countSubscribers(channel)),
      close: () => connection.close(),
    };
    this.streams = new RedisStreams(this.#connection, prefix);
  }

  publish(messages: readonly CarrierMessage[]): Promise<void> {
    return this.#connection.publish(
      messages.map(({ channel, bytes }) => ({ channel: channelOf(this.#prefix, channel), bytes: bufferOf(bytes) })),
    );
  }

  subscribe(channel: string): Promise<void> {
    return this.#connection.subscribe(channelOf(this.#prefix, channel));
  }

  unsubscribe(channel: string): void {
    // Where that fails the connection has gone, and what comes all the same is for nobody.
    this.#connection.unsubscribe(channelOf(this.#prefix, channel)).catch(() => undefined);
  }

  async hasSubscriber(channel: string): Promise<boolean> {
    return (await this.#connection.countSubscribers(channelOf(this.#prefix, channel))) > 0;
  }

  async put(key: string, bytes: Uint8Array, ttlMs: number): Promise<void> {
    const name = this.#keyOf(key);
    await this.#connection.call(name, ["SET", name, bufferOf(bytes), "PX", `${Math.ceil(ttlMs)}`]);
  }

  async take(key: string): Promise<Uint8Array | undefined> {
    const name = this.#keyOf(key);
    const bytes = await this.#connection.call(name, ["GETDEL", name]);
    return Buffer.isBuffer(bytes) ? new Uint8Array(bytes) : undefined;
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  #keyOf(key: string): string {
    return `${this.#prefix}:kept:${key}`;
  }
}

/** All channels of a prefix are in one slot of a cluster, so that what a node posts stays in its order. */
function channelOf(prefix: string, channel: string): string {
  return `{${prefix}}:${channel}`;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** With an error that says nothing but what Redis, or the system, calls it: more of it may name credentials. */
async function translateErrors<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    throw makeUnreachable(error);
  }
}

/** What went wrong, by its name alone: what Redis itself answers is no matter of the way there. */
export function makeUnreachable(error: unknown): BackplaneError {
  const {
    code,
    name: kind,
    message = "",
  } = (typeof error === "object" && error !== null ? error : {}) as {
    readonly code?: unknown;
    readonly name?: unknown;
    readonly message?: string;
  };
  // Deno's for what its flags do not allow: node-redis looks at the environment.
  const denied = kind === "NotCapable" ? "NotCapable (--allow-net and --allow-env)" : undefined;
  const name = denied ?? (isName(code) ? code : undefined);
  const [word] = message.split(" ");
  if (name === undefined && isName(word)) return new BackplaneError("unreachable", `Redis refused: ${word}`);
  return new BackplaneError("unreachable", `Redis cannot be reached${name === undefined ? "" : `: ${name}`}`);
}

/** True for a name as the system and Redis give to errors. */
function isName(value: unknown): value is string {
  return typeof value === "string" && /^[A-Z][A-Z\d_]+$/.test(value);
}
