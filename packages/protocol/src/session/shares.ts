import { weightOf } from "../values/weight.ts";

/**
 * What each of the events of a frame weighs while it waits for its handler: its share of the frame's bytes, or what its
 * decoded value takes in memory, where that is more.
 */
export function sharesOf(events: readonly unknown[], bytes: number): readonly number[] {
  if (events.length === 1) return [weighAlone(events[0], bytes)];
  const weights = events.map((event) => weightOf(event, bytes));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => Math.max(weight, Math.ceil((bytes * weight) / total)));
}

/** What a value weighs that is alone in its frame. */
export function weighAlone(value: unknown, bytes: number): number {
  return Math.max(bytes, weightOf(value, bytes));
}
