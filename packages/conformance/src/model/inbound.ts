import { startRouter } from "@sente-lite/engine";
import { type AnyContract, defineContract, event, type Receiver, type StandardSchema } from "@sente-lite/protocol";
import type { Actor } from "./actor.ts";
import type { Inbound } from "./schedule.ts";

// What takes the events that came, in its own time; and what has to be true of those that wait for it.

/** Behind so many, or so much, a peer is paused, and what it sent in that turn may come on top. */
const PAUSED_FROM = 64;
const PAUSED_FROM_BYTES = 1_048_576;

interface Received {
  readonly id: string;
  readonly data: unknown;
}

/** Has a receiver's events of that id taken as the setup says: `take` is called as the work on each begins. */
export function consume<M extends Received>(
  receiver: Receiver<M>,
  id: string,
  { consumer, workMs }: Inbound,
  { host }: Actor,
  take: (message: M) => void,
): void {
  const work = () => new Promise<undefined>((resolve) => void host.setTimer(workMs, () => resolve(undefined)));
  if (consumer === "router") {
    startRouter(receiver, (message: M) => {
      if (message.id !== id) return undefined;
      take(message);
      return workMs === 0 ? undefined : work();
    });
  } else if (consumer === "loop") {
    void (async () => {
      for await (const message of receiver) {
        if (message.id !== id) continue;
        take(message);
        await work();
      }
    })();
  } else if (consumer === "late") host.setTimer(workMs, () => void receiver.on(id, take));
  else receiver.on(id, take);
}

/** A contract whose validators take their time, each event another. */
export function createSlowContract({ checkMs }: Inbound, { host }: Actor): AnyContract | undefined {
  if (checkMs === undefined) return undefined;
  let checks = 0;
  const data: StandardSchema<unknown> = {
    "~standard": {
      version: 1,
      vendor: "model",
      validate: (value) => {
        // Some are done at once, and no later one long before an earlier one would be.
        const ms = (checks++ % 3) * checkMs;
        if (ms === 0) return { value };
        return new Promise((resolve) => void host.setTimer(ms, () => resolve({ value })));
      },
    },
  };
  const checked = event({ data });
  return defineContract({
    toServer: { "a/n": checked, "a/ask": event<unknown, unknown>() },
    toClient: { "s/n": checked },
  }) as unknown as AnyContract;
}

interface Waiting {
  readonly bytes: number;
  /** When its frame was through, and when work on it began, in the order of all that happened here. */
  since: number | undefined;
  until: number | undefined;
}

/** The events that came from one peer, and wait for somebody to begin with them. */
export class WaitingRoom {
  readonly #limits: Inbound["limits"];
  readonly #known = new Map<number, Waiting>();
  readonly #begun: Waiting[] = [];
  #moments = 0;

  constructor(limits: Inbound["limits"]) {
    this.#limits = limits;
  }

  /** A frame of so many bytes is about to be heard: it may be one that was not taken over before. */
  noteArriving(keys: readonly number[], frameBytes: number): void {
    for (const key of keys) {
      this.#known.delete(key);
      this.#known.set(key, { bytes: frameBytes / keys.length, since: undefined, until: undefined });
    }
  }

  /** What of it nobody has begun with waits. */
  noteHeard(keys: readonly number[]): void {
    const now = ++this.#moments;
    for (const key of keys) {
      const event = this.#known.get(key);
      if (event !== undefined) event.since = now;
    }
  }

  /** Work on an event begins. What came before it, and waits, was lost: they are taken in order. */
  noteBegun(key: number): void {
    for (const [known, event] of this.#known) {
      this.#known.delete(known);
      if (known !== key) continue;
      event.until = ++this.#moments;
      if (event.since !== undefined) this.#begun.push(event);
      return;
    }
  }

  /** True where so many wait, or so much, that one more may be too much. */
  get mayOverflow(): boolean {
    const { maxReceived, maxReceivedBytes } = this.#limits;
    let bytes = 0;
    for (const event of this.#known.values()) bytes += event.bytes;
    // A decoded value weighs more than its text, but not that much.
    return this.#known.size > maxReceived || 3 * bytes > maxReceivedBytes;
  }

  /** Looks whether more than may wait ever did, of what was begun with later. */
  check(fail: (message: string) => void): void {
    const { maxReceived, maxReceivedBytes } = this.#limits;
    const steps = this.#begun.flatMap(({ since = 0, until = 0, bytes }) => [
      { at: since, count: 1, bytes },
      { at: until, count: -1, bytes: -bytes },
    ]);
    steps.sort((a, b) => a.at - b.at);
    let [count, bytes] = [0, 0];
    for (const step of steps) {
      count += step.count;
      bytes += step.bytes;
      // Beside those that wait there is one that is checked, and one on its way to a loop.
      const isPaused = count >= PAUSED_FROM || bytes >= PAUSED_FROM_BYTES;
      if (!isPaused && count > maxReceived + 2) fail(`${count} events waited`);
      if (count > 3 && bytes > maxReceivedBytes + 2 * (bytes / count)) fail(`events of ${bytes} bytes waited`);
    }
  }
}
