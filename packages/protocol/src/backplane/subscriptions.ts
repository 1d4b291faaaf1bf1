import type { Topic } from "./backplane.ts";
import type { Carrier } from "./carrier.ts";
import { failure } from "./questions.ts";

interface Subscription {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  isInForce: boolean;
}

/** The topics of a node: each is asked of the broker until it is in force. */
export class Subscriptions {
  readonly #carrier: Carrier;
  readonly #topics = new Map<Topic, Subscription>();

  constructor(carrier: Carrier) {
    this.#carrier = carrier;
  }

  has(topic: Topic): boolean {
    return this.#topics.has(topic);
  }

  add(topic: Topic): Promise<void> {
    const known = this.#topics.get(topic);
    if (known !== undefined) return known.promise;
    let resolve: () => void = () => undefined;
    let reject: (error: Error) => void = () => undefined;
    const promise = new Promise<void>((...both) => {
      [resolve, reject] = both;
    });
    const subscription: Subscription = { promise, resolve, reject, isInForce: false };
    this.#topics.set(topic, subscription);
    void this.#ask(topic, subscription);
    return promise;
  }

  delete(topic: Topic): void {
    const subscription = this.#topics.get(topic);
    if (subscription === undefined) return;
    this.#topics.delete(topic);
    this.#carrier.unsubscribe(`t:${topic}`);
    // Whoever waits for it learns nothing: nobody wants it any more.
    subscription.resolve();
  }

  /** The broker is back. */
  up(): void {
    for (const [topic, subscription] of this.#topics) if (!subscription.isInForce) void this.#ask(topic, subscription);
  }

  end(): void {
    for (const { isInForce, promise, reject } of this.#topics.values()) {
      if (isInForce) continue;
      promise.catch(() => undefined);
      reject(failure("left"));
    }
    this.#topics.clear();
  }

  async #ask(topic: Topic, subscription: Subscription): Promise<void> {
    try {
      await this.#carrier.subscribe(`t:${topic}`);
    } catch {
      return;
    }
    subscription.isInForce = true;
    subscription.resolve();
  }
}
