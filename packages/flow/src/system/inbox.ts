import { ReplyError } from "@sente-lite/protocol";
import type { Counter } from "../monitoring/metrics.ts";
import { Deque } from "./deque.ts";
import type { Flight } from "./flight.ts";
import type { InputSpec } from "./port.ts";

/** An input at work. */
export interface Input {
  readonly spec: InputSpec;
  readonly dropped: Counter;
  depth: number;
}

/** A value that waits at an input. */
export interface Item<To extends Input = Input> {
  readonly input: To;
  readonly value: unknown;
  readonly flight: Flight;
}

/** The values that wait for one process, at all its inputs, in the order in which they came. */
export class Inbox<To extends Input> {
  readonly #items = new Deque<Item<To>>();
  readonly #busyKeys = new Set<unknown>();

  get size(): number {
    return this.#items.size;
  }

  /** Takes a value in, or drops one as the policy of the input says. False: there is no place, ask again. */
  put(item: Item<To>): boolean {
    const { input } = item;
    if (input.depth >= input.spec.capacity) {
      if (input.spec.policy === "block") return false;
      if (input.spec.policy === "drop-newest") {
        drop(item);
        return true;
      }
      const oldest = this.#items.take((waiting) => waiting.input === input);
      input.depth--;
      if (oldest !== undefined) drop(oldest);
    }
    this.#items.push(item);
    input.depth++;
    return true;
  }

  /** Takes out the next value whose key is not being worked on. */
  next(): Item<To> | undefined {
    const isFree = ({ flight }: Item) => !this.#busyKeys.has(flight.key);
    const item = this.#busyKeys.size === 0 ? this.#items.shift() : this.#items.take(isFree);
    if (item !== undefined) item.input.depth--;
    return item;
  }

  /** Marks a key as being worked on. */
  hold(key: unknown): void {
    if (key !== undefined) this.#busyKeys.add(key);
  }

  release(key: unknown): void {
    this.#busyKeys.delete(key);
  }

  /** Takes all that waits. */
  clear(): readonly Item<To>[] {
    const items = this.#items.clear();
    for (const { input } of items) input.depth--;
    return items;
  }
}

export const makeOverloaded = (): ReplyError => new ReplyError("overloaded", { message: "too much waits" });
export const makeUnavailable = (): ReplyError => new ReplyError("unavailable", { message: "it has stopped" });

/** Counts a value that finds no place, and tells whoever waits for it. */
export function drop({ input, flight }: Item, refusal: ReplyError = makeOverloaded()): void {
  input.dropped.add();
  flight.refuse(refusal);
  flight.leave();
}
