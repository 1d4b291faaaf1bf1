import { type MaybePromise, UsageError } from "@sente-lite/protocol";
import { isThenable } from "@sente-lite/protocol/calls";
import type { Host } from "../host.ts";

/** A function of the application that judges requests took too long. */
export class HookTimeout extends UsageError {
  constructor(name: string, timeoutMs: number) {
    super("hook-timeout", `${name} took over ${timeoutMs} ms`);
  }
}

interface Hook {
  readonly name: string;
  readonly timeoutMs: number;
}

/** What a hook gives; a promise that takes longer than it may rejects, and what it comes to later counts for nothing. */
export function inTime<T>(
  host: Pick<Host, "setTimer" | "clearTimer">,
  { name, timeoutMs }: Hook,
  given: MaybePromise<T>,
): MaybePromise<T> {
  if (!isThenable(given) || timeoutMs === Number.POSITIVE_INFINITY) return given;
  return new Promise<T>((resolve, reject) => {
    const timer = host.setTimer(timeoutMs, () => reject(new HookTimeout(name, timeoutMs)));
    const settle =
      <V>(finish: (value: V) => void) =>
      (value: V) => {
        host.clearTimer(timer);
        finish(value);
      };
    given.then(settle(resolve), settle(reject));
  });
}
