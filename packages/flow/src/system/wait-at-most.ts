import { UsageError } from "@sente-lite/protocol";
import type { Clock } from "../clock.ts";

/** Waits for what a function returns, but not longer. Rejects with its error, or `UsageError` `timeout`. */
export async function waitAtMost<T>(
  clock: Clock,
  ms: number,
  what: string,
  work: () => T | PromiseLike<T>,
): Promise<T> {
  let timer: unknown;
  const late = new Promise<never>((_, reject) => {
    timer = clock.setTimer(ms, () => reject(new UsageError("timeout", `${what} took longer than ${ms} ms`)));
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clock.clearTimer(timer);
  }
}
