import type { SenteError } from "../errors.ts";
import type { Streams } from "./backplane.ts";

// What a broker has to be able to do, and no more: `joinThrough` makes a membership of it.

/** A message on a channel. */
export interface CarrierMessage {
  readonly channel: string;
  readonly bytes: Uint8Array;
}

/**
 * A connection to a broker that comes back by itself. A channel is a string as a topic is, with two characters before it. What
 * one carrier publishes must reach each other carrier in that order, whatever the channels, as long as that one is connected.
 */
export interface Carrier {
  /** The most bytes of a message. */
  readonly maxBytes: number;
  /** Resolves when the broker has them all; rejects where it may have only some, or none. */
  publish(messages: readonly CarrierMessage[]): Promise<void>;
  /** Resolves when it is in force; rejects where the connection went meanwhile: it is asked for again after `up`. */
  subscribe(channel: string): Promise<void>;
  unsubscribe(channel: string): void;
  /** Whether anybody is subscribed, as the broker knows; where it cannot tell this is absent. Rejects where it does not say. */
  hasSubscriber?(channel: string): Promise<boolean>;
  put(key: string, bytes: Uint8Array, ttlMs: number): Promise<void>;
  take(key: string): Promise<Uint8Array | undefined>;
  readonly streams?: Streams;
  /** Ends the connection; never rejects. */
  close(): Promise<void>;
}

/** What a carrier says. */
export interface CarrierEvents {
  /** A message on a channel that is subscribed; which one, the message itself says. */
  received(bytes: Uint8Array): void;
  /** Messages may be missed from now on. */
  down(): void;
  /** All that was subscribed is in force again. */
  up(): void;
  failed(error: SenteError): void;
}
