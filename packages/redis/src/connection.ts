import type { Buffer } from "node:buffer";

/** A word of a command. */
export type Word = string | Buffer;

/** What the driver needs of a Redis, be it one server or a cluster. */
export interface Connection {
  /** One command on the node that has that key; strings of its reply are Buffers. */
  call(key: string, words: readonly Word[]): Promise<unknown>;
  /** All in one round trip, in order. */
  publish(messages: readonly { readonly channel: string; readonly bytes: Buffer }[]): Promise<void>;
  subscribe(channel: string): Promise<void>;
  unsubscribe(channel: string): Promise<void>;
  /** How many are subscribed. */
  countSubscribers(channel: string): Promise<number>;
  close(): void;
}

/** What a connection says. */
export interface ConnectionEvents {
  message(bytes: Buffer): void;
  down(): void;
  up(): void;
}

/** How the clients are to be, whoever made them: they reject at once what cannot be sent, and notice a connection that hangs. */
export interface Settings {
  readonly disableOfflineQueue: true;
  readonly pingInterval: number;
  readonly socket: object;
}

/**
 * The settings over those of the user's socket. Before the first connection is there a failure is final; after it, it is tried
 * for ever.
 */
export function settingsFor(leaseMs: number, hasJoined: () => boolean, socket: object | undefined): Settings {
  return {
    disableOfflineQueue: true,
    pingInterval: leaseMs / 5,
    socket: {
      ...socket,
      connectTimeout: leaseMs / 2,
      socketTimeout: leaseMs / 2,
      reconnectStrategy: (retries: number, cause: Error) =>
        hasJoined() ? Math.min(1_000, 20 * 2 ** Math.min(retries, 10)) * (0.5 + Math.random() / 2) : cause,
    },
  };
}

/** A client that `createClient` or `createCluster` of node-redis made; it need not be connected, and is not used itself. */
export interface RedisClientLike {
  duplicate(overrides?: object): unknown;
}

/** The number in the reply to NUMSUB, and to SHARDNUMSUB: the channel, and how many have it. */
export function countOf(reply: unknown): number {
  return Array.isArray(reply) ? Number(reply[1]) : 0;
}
