import { expect, it } from "vitest";
import { onAbort } from "./abort.ts";

/** A signal that counts its listeners. */
function counted() {
  const listeners = new Set<() => void>();
  const signal = {
    aborted: false,
    reason: undefined,
    addEventListener: (_type: "abort", fn: () => void) => void listeners.add(fn),
    removeEventListener: (_type: "abort", fn: () => void) => void listeners.delete(fn),
  };
  return { signal, listeners };
}

it("listens once to a signal, however many wait for its abort, and no longer than they do", () => {
  const { signal, listeners } = counted();
  const told: number[] = [];
  const stops = Array.from({ length: 20 }, (_, i) => onAbort(signal, () => told.push(i)));
  expect(listeners.size).toBe(1);
  for (const stop of stops.slice(2)) stop();
  expect(listeners.size).toBe(1);
  for (const listener of listeners) listener();
  expect(told).toEqual([0, 1]);
  expect(listeners.size).toBe(0);
  onAbort(signal, () => {})();
  expect(listeners.size).toBe(0);
});
