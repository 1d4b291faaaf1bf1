import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { type createCluster, RESP_TYPES } from "redis";
import {
  type Connection,
  type ConnectionEvents,
  countOf,
  type RedisClientLike,
  type Settings,
  type Word,
} from "./connection.ts";

type ClusterClient = ReturnType<typeof createCluster>;

const typeMapping = { [RESP_TYPES.BLOB_STRING]: Buffer } as const;
const PROBE_MS = 100;

/** True for a client of a cluster. */
export function isCluster(client: RedisClientLike): boolean {
  return "getRandomNode" in client;
}

/**
 * A Redis Cluster. What it says of its connections does not tell which slot is meant: after each trouble a message of its own
 * that comes back shows that all is in force.
 */
export class ClusterConnection implements Connection {
  readonly #cluster: ClusterClient;
  readonly #events: ConnectionEvents;
  /** What all channels begin with: those of one slot. */
  readonly #tag: string;
  #isClosed = false;
  #isProbing = false;
  #isDoubtful = false;

  constructor(client: RedisClientLike, settings: Settings, tag: string, events: ConnectionEvents) {
    const { options } = client as { readonly options?: { readonly defaults?: { readonly socket?: object } } };
    const defaults = options?.defaults;
    const socket = { ...defaults?.socket, ...settings.socket };
    this.#cluster = client.duplicate({ defaults: { ...defaults, ...settings, socket } }) as ClusterClient;
    this.#tag = tag;
    this.#events = events;
  }

  async open(): Promise<void> {
    this.#cluster.on("error", () => this.#doubt());
    for (const event of ["node-reconnecting", "node-disconnect", "node-error", "sharded-channel-moved-error"]) {
      this.#cluster.on(event as "node-error", () => this.#doubt());
    }
    await this.#cluster.connect();
  }

  async call(key: string, words: readonly Word[]): Promise<unknown> {
    return this.#cluster.sendCommand(key, false, [...words], { typeMapping });
  }

  async publish(messages: readonly { readonly channel: string; readonly bytes: Buffer }[]): Promise<void> {
    const [first] = messages;
    if (first === undefined) return;
    const commands = this.#cluster.multi(first.channel);
    for (const { channel, bytes } of messages) commands.addCommand(channel, false, ["SPUBLISH", channel, bytes]);
    await commands.execAsPipeline();
  }

  async subscribe(channel: string): Promise<void> {
    await this.#cluster.sSubscribe(channel, this.#hear, true);
  }

  async unsubscribe(channel: string): Promise<void> {
    await this.#cluster.sUnsubscribe(channel, this.#hear, true);
  }

  async countSubscribers(channel: string): Promise<number> {
    return countOf(await this.#cluster.sendCommand(channel, false, ["PUBSUB", "SHARDNUMSUB", channel]));
  }

  close(): void {
    this.#isClosed = true;
    if (this.#cluster.isOpen) this.#cluster.destroy();
  }

  readonly #hear = (bytes: Buffer): void => this.#events.message(bytes);

  #doubt(): void {
    if (this.#isClosed) return;
    this.#isDoubtful = true;
    this.#events.down();
    if (!this.#isProbing) void this.#probe();
  }

  async #probe(): Promise<void> {
    this.#isProbing = true;
    while (!this.#isClosed && this.#isDoubtful) {
      this.#isDoubtful = false;
      await new Promise((resolve) => setTimeout(resolve, PROBE_MS));
      if (!(await this.#isHeard().catch(() => false))) this.#isDoubtful = true;
    }
    this.#isProbing = false;
    if (!this.#isClosed) this.#events.up();
  }

  /** True where what this one says on its slot comes back to it. */
  async #isHeard(): Promise<boolean> {
    const channel = `${this.#tag}probe:${randomUUID()}`;
    let hearEcho: () => void = () => undefined;
    const isHeard = new Promise<true>((resolve) => {
      hearEcho = () => resolve(true);
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const isLate = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), PROBE_MS * 10);
    });
    try {
      await this.#cluster.sSubscribe(channel, hearEcho);
      await this.#cluster.sPublish(channel, "");
      return await Promise.race([isHeard, isLate]);
    } finally {
      clearTimeout(timer);
      await this.#cluster.sUnsubscribe(channel, hearEcho).catch(() => undefined);
    }
  }
}
