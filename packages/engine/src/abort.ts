import { type RequestSignal, UsageError } from "@sente-lite/protocol";

interface Waiting {
  readonly fns: Set<() => void>;
  readonly stop: () => void;
}

/**
 * Who waits for the abort of each signal. One listener serves them all: runtimes warn of a leak where a signal has more
 * than ten.
 */
const waiting = new WeakMap<RequestSignal, Waiting>();

/** Returns the signal. Throws `UsageError` `bad-option` for what is none, such as the controller that has it. */
export function checkSignal(of: string, signal: RequestSignal | undefined): RequestSignal | undefined {
  if (signal === undefined || typeof signal.addEventListener === "function") return signal;
  throw new UsageError("bad-option", `${of}: the option signal is an AbortSignal, as controller.signal`);
}

/** Calls `fn` when the signal aborts. Returns the function that cancels this. */
export function onAbort(signal: RequestSignal | undefined, fn: () => void): () => void {
  if (signal === undefined) return () => {};
  const { fns, stop } = waiting.get(signal) ?? listenTo(signal);
  fns.add(fn);
  return () => {
    if (fns.delete(fn) && fns.size === 0) stop();
  };
}

function listenTo(signal: RequestSignal): Waiting {
  const fns = new Set<() => void>();
  const tellAll = () => {
    stop();
    for (const fn of fns) fn();
  };
  const stop = () => {
    signal.removeEventListener("abort", tellAll);
    waiting.delete(signal);
  };
  signal.addEventListener("abort", tellAll);
  const one = { fns, stop };
  waiting.set(signal, one);
  return one;
}
