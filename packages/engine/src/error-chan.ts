import type { ErrorChan, ErrorReport } from "@sente-lite/protocol";
import type { Host } from "./host.ts";
import { Mailbox } from "./mailbox.ts";
import { guarded } from "./thenable.ts";

/** Reports that wait for a `for await`, at most; then the loop is too slow, and further ones go to the log. */
const MAX_WAITING = 1_000;

/** So many errors go to the log in a minute. */
const MAX_LOGGED = 100;
const LOG_WINDOW_MS = 60_000;

export type Report = (error: unknown, context: Readonly<Record<string, unknown>>) => void;

export interface ErrorChanSource {
  readonly errorChan: ErrorChan;
  readonly report: Report;
}

/** Where errors go that no caller can be told of. Without a listener they go to the log. */
export function createErrorChan(host: Host): ErrorChanSource {
  const listeners = new Set<{ readonly fn: (report: ErrorReport) => void }>();
  const listen = (fn: (report: ErrorReport) => void) => {
    const entry = { fn };
    listeners.add(entry);
    return () => void listeners.delete(entry);
  };
  const logged = { from: Number.NEGATIVE_INFINITY, lines: 0 };
  /** A peer that errs as fast as it can must not fill the log. */
  const toLog = ({ error, context, timestamp }: ErrorReport) => {
    if (Math.abs(timestamp - logged.from) >= LOG_WINDOW_MS) {
      logged.from = timestamp;
      logged.lines = 0;
    }
    logged.lines++;
    if (logged.lines <= MAX_LOGGED) host.log.error(`sente-lite: ${error.message}`, { error, ...context });
    if (logged.lines === MAX_LOGGED) host.log.error("sente-lite: more errors in this minute go to errorChan only");
  };

  const report: Report = (cause, context) => {
    const error = cause instanceof Error ? cause : new Error(String(cause), { cause });
    const entry: ErrorReport = { error, context, timestamp: host.now() };
    if (listeners.size === 0) toLog(entry);
    for (const { fn } of [...listeners]) {
      guarded(
        () => fn(entry),
        (failure) => host.log.error("sente-lite: a listener of errorChan threw", failure),
      );
    }
  };

  const errorChan: ErrorChan = {
    on: listen,
    [Symbol.asyncIterator]: () => {
      const mailbox = new Mailbox<ErrorReport>(MAX_WAITING, { onEnd: () => stop() });
      const stop = listen((entry) => {
        if (!mailbox.put(entry)) toLog(entry);
      });
      return mailbox;
    },
  };
  return { errorChan, report };
}
