import { UsageError } from "@sente-lite/protocol";
import type { ErrorDecision, Failure, OnError, Recovery } from "./process.ts";

const MAX_RESTARTS = 5;
const RESTARTS_WITHIN_MS = 60_000;

/** A recovery, and the state to go on with, where one was given. */
export type Decided = Recovery & { readonly state?: unknown };

/** Decides what is done about an error. Where the decision itself fails, `report` is told, and the value is left out. */
export function decide(
  onError: OnError | ErrorDecision<unknown>,
  error: unknown,
  failure: Failure<unknown>,
  faultsOf: (recovery: Recovery) => readonly string[],
  report: (error: unknown) => void,
): Decided {
  try {
    const decided = typeof onError === "function" ? onError(error, failure) : onError;
    const recovery: Decided = typeof decided === "string" ? { action: decided } : decided;
    const faults = faultsOf(recovery);
    if (faults.length > 0) throw new UsageError("bad-recovery", faults.join("; "));
    return recovery;
  } catch (cause) {
    report(cause);
    return { action: "skip" };
  }
}

/** Counts the restarts of one process. */
export class RestartLimit {
  #restarts: number[] = [];

  /** Counts one more restart; false where there are too many in that time. `now` is in milliseconds. */
  allows({ maxRestarts = MAX_RESTARTS, withinMs = RESTARTS_WITHIN_MS }: Recovery, now: number): boolean {
    this.#restarts = this.#restarts.filter((at) => now - at < withinMs);
    if (this.#restarts.length >= maxRestarts) return false;
    this.#restarts.push(now);
    return true;
  }
}
