import { Mailbox } from "./mailbox.ts";
import { guarded } from "./thenable.ts";

/** Something went wrong where no caller could be told. */
export interface ErrorReport {
  readonly error: Error;
  /** What it was about: `{ source, uid, clientId, event, ... }`, as far as known. */
  readonly context: ErrorContext;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /** 1; more where a loop fell behind, and so many of the same kind were folded into this one, the latest. */
  readonly count: number;
}

/** What an error was about. */
export type ErrorContext = Readonly<Record<string, unknown>>;

/** All errors of one kind: of one class and code (or message, where it has no code), from one source. */
export interface ErrorKind {
  readonly name: string;
  /** Of errors without a code, `undefined`. */
  readonly code: string | undefined;
  /** Message and context of the latest. */
  readonly message: string;
  readonly context: ErrorContext;
  readonly count: number;
  /** Milliseconds since 1970. */
  readonly firstAt: number;
  readonly lastAt: number;
}

/**
 * Where errors go that no caller can be told of, of a server, a client or a whole system: heard through `on(fn)` or
 * `for await`. Without a listener they are written to the log, at most 100 in a minute. Its memory is bounded.
 */
export interface ErrorChan extends AsyncIterable<ErrorReport> {
  /** Calls `fn` for each report, as it is made; returns the function that stops it. */
  readonly on: (fn: (report: ErrorReport) => void) => () => void;
  /** Reports an error of one's own. What is no `Error` becomes the cause of one. Does not throw. */
  readonly report: (error: unknown, context?: ErrorContext) => void;
  /** What was reported, by kind, the latest last: at most the last 50 kinds, each with how often it came. */
  readonly recent: () => readonly ErrorKind[];
  /** How many reports there were. */
  readonly total: () => number;
}

/** What an error channel needs of the world. */
export interface ErrorChanHost {
  /** Milliseconds since 1970. */
  now(): number;
  readonly log: { error(message: string, detail?: unknown): void };
}

/** Reports that wait for a `for await`, at most; then the loop is too slow, and further ones are folded. */
const MAX_WAITING = 1_000;
const MAX_KINDS = 50;
/** So many errors go to the log in a minute. */
const MAX_LOGGED = 100;
const LOG_WINDOW_MS = 60_000;

/** Makes an error channel: the one that a server, a client and a system have. */
export function createErrorChan(host: ErrorChanHost): ErrorChan {
  const listeners = new Set<{ readonly fn: (report: ErrorReport) => void }>();
  const kinds = new Map<string, ErrorKind>();
  const toLog = limitedLog(host);
  let total = 0;

  const on = (fn: (report: ErrorReport) => void) => {
    const entry = { fn };
    listeners.add(entry);
    return () => void listeners.delete(entry);
  };

  const report: ErrorChan["report"] = (cause, context = {}) => {
    const error = cause instanceof Error ? cause : new Error(printed(cause), { cause });
    const entry: ErrorReport = { error, context, timestamp: host.now(), count: 1 };
    total++;
    remember(kinds, entry);
    if (listeners.size === 0) toLog(entry);
    for (const { fn } of [...listeners]) {
      guarded(
        () => fn(entry),
        (failure) => host.log.error("sente-lite: a listener of errorChan threw", failure),
      );
    }
  };

  return {
    on,
    report,
    recent: () => [...kinds.values()],
    total: () => total,
    [Symbol.asyncIterator]: () => loopOver(on, toLog),
  };
}

/** The reports in order. Behind a loop that lags those of one kind become one, the latest, with their count. */
function loopOver(on: ErrorChan["on"], toLog: (report: ErrorReport) => void): AsyncIterator<ErrorReport> {
  const folded = new Map<string, ErrorReport>();
  const mailbox = new Mailbox<ErrorReport>(MAX_WAITING, {
    onEnd: () => stop(),
    onTaken: () => {
      if (mailbox.size > 0) return;
      for (const entry of folded.values()) mailbox.put(entry);
      folded.clear();
    },
  });
  const stop = on((entry) => {
    if (folded.size === 0 && mailbox.put(entry)) return;
    const kind = kindOf(entry);
    const earlier = folded.get(kind);
    if (earlier === undefined && folded.size >= MAX_KINDS) toLog(entry);
    else folded.set(kind, { ...entry, count: (earlier?.count ?? 0) + 1 });
  });
  return mailbox;
}

function remember(kinds: Map<string, ErrorKind>, entry: ErrorReport): void {
  const kind = kindOf(entry);
  const { error, context, timestamp } = entry;
  const earlier = kinds.get(kind);
  // The latest stands last.
  kinds.delete(kind);
  kinds.set(kind, {
    name: error.name,
    code: codeOf(error),
    message: error.message.slice(0, MAX_MESSAGE_LENGTH),
    context,
    count: (earlier?.count ?? 0) + 1,
    firstAt: earlier?.firstAt ?? timestamp,
    lastAt: timestamp,
  });
  const [oldest] = kinds.keys();
  if (kinds.size > MAX_KINDS && oldest !== undefined) kinds.delete(oldest);
}

const MAX_MESSAGE_LENGTH = 200;

function kindOf({ error, context }: ErrorReport): string {
  const what = codeOf(error) ?? error.message.slice(0, MAX_MESSAGE_LENGTH);
  return `${error.name} ${what} ${context.process ?? ""} ${context.source ?? ""}`;
}

/** The stable code of an error, where it has one: ours, and those of Node. */
export function codeOf(error: unknown): string | undefined {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** A peer that errs as fast as it can must not fill the log. */
function limitedLog({ log }: ErrorChanHost): (report: ErrorReport) => void {
  let from = Number.NEGATIVE_INFINITY;
  let lines = 0;
  return ({ error, context, timestamp }) => {
    if (Math.abs(timestamp - from) >= LOG_WINDOW_MS) {
      if (lines > MAX_LOGGED) log.error(`sente-lite: ${lines - MAX_LOGGED} more errors in that minute, not logged`);
      from = timestamp;
      lines = 0;
    }
    lines++;
    if (lines <= MAX_LOGGED) log.error(`sente-lite: ${error.message}`, { error, ...context });
    if (lines === MAX_LOGGED) log.error("sente-lite: more errors in this minute go to errorChan only");
  };
}

/** What was thrown, as text; it may be anything. */
function printed(cause: unknown): string {
  try {
    return String(cause);
  } catch {
    return "something that has no text was thrown";
  }
}
