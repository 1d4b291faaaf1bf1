import { BackplaneError, type Membership, type Topic } from "@sente-lite/protocol/backplane";
import type { Host, Timer } from "../host.ts";

/** A topic that nobody here needs any more is kept for so long: clients come back. */
const LINGER_MS = 10_000;
/** Whoever comes while the broker is away waits so long at most. */
const PATIENCE_MS = 5_000;

export interface TopicsOptions {
  readonly host: Host;
  /** Machine time. */
  readonly now: () => number;
  /** True while somebody here is meant by what is posted there. */
  readonly isNeeded: (topic: Topic) => boolean;
  /** A topic was given up. */
  readonly ended: (topic: Topic) => void;
}

interface Subscription {
  /** Undefined once it is in force. */
  beginning: Promise<void> | undefined;
  neededAt: number;
}

/** The topics that a node is subscribed to: each from before it is needed to a while after. */
export class Topics {
  readonly #options: TopicsOptions;
  readonly #topics = new Map<Topic, Subscription>();
  /** Those that may not be needed. */
  readonly #doubtful = new Set<Topic>();
  #membership: Membership | undefined;
  #timer: Timer;
  #isSweepPlanned = false;

  constructor(options: TopicsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#topics.size;
  }

  /** Those that it is subscribed to, or asks for. */
  get all(): readonly Topic[] {
    return [...this.#topics.keys()];
  }

  /** The node has joined: what is needed is subscribed to there. */
  async use(membership: Membership): Promise<void> {
    this.#membership = membership;
    const topics = [...this.#topics.keys()];
    this.#topics.clear();
    await Promise.all(topics.map((topic) => this.hold(topic)));
  }

  /**
   * From now on what is posted there arrives: at once, or when the promise resolves. It rejects with `BackplaneError` where the
   * broker is away.
   */
  hold(topic: Topic): Promise<void> | undefined {
    const now = this.#options.now();
    const known = this.#topics.get(topic);
    this.mayEnd(topic);
    if (known !== undefined) {
      known.neededAt = now;
      return known.beginning;
    }
    const membership = this.#membership;
    if (membership === undefined)
      return Promise.reject(new BackplaneError("left", "this node has not joined its backplane"));
    const subscription: Subscription = { beginning: undefined, neededAt: now };
    this.#topics.set(topic, subscription);
    subscription.beginning = this.#inTime(membership.subscribe(topic)).then(
      () => {
        subscription.beginning = undefined;
      },
      (error: unknown) => {
        if (this.#topics.get(topic) === subscription) this.#topics.delete(topic);
        throw error;
      },
    );
    return subscription.beginning;
  }

  /** Somebody who needed it is gone. */
  mayEnd(topic: Topic): void {
    this.#doubtful.add(topic);
    if (this.#isSweepPlanned) return;
    this.#isSweepPlanned = true;
    this.#timer = this.#options.host.setTimer(LINGER_MS, () => this.#sweep());
  }

  /** Nothing is subscribed to any more. */
  end(): void {
    this.#membership = undefined;
    this.#options.host.clearTimer(this.#timer);
    this.#topics.clear();
    this.#doubtful.clear();
  }

  #sweep(): void {
    const { host, now, isNeeded, ended } = this.#options;
    this.#isSweepPlanned = false;
    for (const topic of this.#doubtful) {
      const subscription = this.#topics.get(topic);
      if (subscription === undefined || isNeeded(topic)) this.#doubtful.delete(topic);
      else if (subscription.neededAt + LINGER_MS <= now()) {
        this.#doubtful.delete(topic);
        this.#topics.delete(topic);
        this.#membership?.unsubscribe(topic);
        ended(topic);
      }
    }
    if (this.#doubtful.size === 0) return;
    this.#isSweepPlanned = true;
    this.#timer = host.setTimer(LINGER_MS, () => this.#sweep());
  }

  async #inTime(subscribed: Promise<void>): Promise<void> {
    const { host } = this.#options;
    let timer: Timer;
    const late = new Promise<never>((_, reject) => {
      timer = host.setTimer(PATIENCE_MS, () => reject(new BackplaneError("unreachable", "the broker is away")));
    });
    try {
      await Promise.race([subscribed, late]);
    } finally {
      host.clearTimer(timer);
    }
  }
}
