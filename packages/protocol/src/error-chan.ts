import { checkFunction } from "./known-options.ts";
import { Mailbox } from "./queues/mailbox.ts";
import { guard } from "./thenable.ts";

/** Something went wrong where no caller could be told. */
export interface ErrorReport {
  readonly error: Error;
  /** What it was about: `{ source, uid, clientId, event, ... }`, as far as known. */
  readonly context: ErrorContext;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /** Mostly 1. Where a `for await` fell behind, so many reports of one kind were made one, the latest. */
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

/** So many reports may wait for a `for await`; further ones are folded, one for each kind. */
const MAX_WAITING = 1_000;
const MAX_KINDS = 50;
/** So many errors go to the log in a minute. */
const MAX_LOGGED = 100;
const LOG_WINDOW_MS = 60_000;

/** Makes an error channel: the one that a server, a client and a system have. */
export function createErrorChan(host: ErrorChanHost): ErrorChan {
  const listeners = new Set<{ readonly fn: (report: ErrorReport) => void }>();
  const kinds = new Map<string, ErrorKind>();
  const toLog = limitLog(host);
  let total = 0;

  const on = (fn: (report: ErrorReport) => void) => {
    checkFunction("errorChan.on(fn)", fn);
    const entry = { fn };
    listeners.add(entry);
    return () => void listeners.delete(entry);
  };

  const report: ErrorChan["report"] = (cause, context = {}) => {
    const error = errorOf(cause);
    const entry: ErrorReport = { error, context, timestamp: host.now(), count: 1 };
    total++;
    remember(kinds, entry);
    if (listeners.size === 0) toLog(entry);
    for (const listener of [...listeners]) {
      // A listener before it may have taken it off.
      if (!listeners.has(listener)) continue;
      guard(
        () => listener.fn(entry),
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

/** Gives the reports in order. Where the loop is too slow, those of one kind become one, the latest, with their count. */
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
    context: shortenTexts(context),
    count: (earlier?.count ?? 0) + 1,
    firstAt: earlier?.firstAt ?? timestamp,
    lastAt: timestamp,
  });
  const [oldest] = kinds.keys();
  if (kinds.size > MAX_KINDS && oldest !== undefined) kinds.delete(oldest);
}

const MAX_MESSAGE_LENGTH = 200;
const MAX_LOGGED_LENGTH = 1_000;

/** Cuts the texts of a context: it is kept, and peers choose the ids in it. */
function shortenTexts(context: ErrorContext): ErrorContext {
  const isShort = (value: unknown) => typeof value !== "string" || value.length <= MAX_MESSAGE_LENGTH;
  if (Object.values(context).every(isShort)) return context;
  const cut = (value: unknown) => (isShort(value) ? value : `${String(value).slice(0, MAX_MESSAGE_LENGTH)}...`);
  return mapTexts(context, cut);
}

function mapTexts(context: ErrorContext, change: (value: unknown) => unknown): ErrorContext {
  return Object.fromEntries(Object.entries(context).map(([name, value]) => [name, change(value)]));
}

/** The context as the log gets it: ids are a peer's to choose, and not every runtime shows all that moves a cursor. */
function showContext(context: ErrorContext): ErrorContext {
  return mapTexts(shortenTexts(context), (value) => (typeof value === "string" ? makePrintable(value) : value));
}

/** What moves the cursor of a terminal, ends a line of a log, or has it read in another direction. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** Makes one line for a log of a text that a peer may have chosen: short, and without control characters. */
export function makePrintable(text: string): string {
  const cut = text.length > MAX_LOGGED_LENGTH ? `${text.slice(0, MAX_LOGGED_LENGTH)}...` : text;
  return cut.replace(CONTROLS, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The error as the log gets it: as it is, or as one line of text where its message is long or would move a cursor. */
function showError(error: Error): unknown {
  const { message, stack = message } = error;
  const isFit = message.length <= MAX_LOGGED_LENGTH && message.replaceAll("\n", "").search(CONTROLS) < 0;
  return isFit ? error : makePrintable(`${error.name}: ${stack}`);
}

function kindOf({ error, context }: ErrorReport): string {
  const what = (codeOf(error) ?? error.message).slice(0, MAX_MESSAGE_LENGTH);
  const { process = "", source = "" } = shortenTexts(context);
  return `${error.name} ${what} ${process} ${source}`;
}

/** The stable code of an error, where it has one: ours, and those of Node. */
export function codeOf(error: unknown): string | undefined {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** Writes reports to the log, so many in a minute: a peer that makes errors as fast as it can must not fill it. */
function limitLog({ log }: ErrorChanHost): (report: ErrorReport) => void {
  let from = Number.NEGATIVE_INFINITY;
  let lines = 0;
  return ({ error, context, timestamp }) => {
    if (Math.abs(timestamp - from) >= LOG_WINDOW_MS) {
      if (lines > MAX_LOGGED) log.error(`sente-lite: ${lines - MAX_LOGGED} more errors in that minute, not logged`);
      from = timestamp;
      lines = 0;
    }
    lines++;
    if (lines <= MAX_LOGGED)
      log.error(`sente-lite: ${makePrintable(error.message)}`, { ...showContext(context), error: showError(error) });
    if (lines === MAX_LOGGED) log.error("sente-lite: more errors in this minute go to errorChan only");
  };
}

/** What was thrown as an error that can be told: itself, where its name and message are text as they should be. */
function errorOf(cause: unknown): Error {
  try {
    if (!(cause instanceof Error)) return new Error(printCause(cause), { cause });
    codeOf(cause);
    if (typeof cause.name === "string" && typeof cause.message === "string") return cause;
  } catch {
    // It throws when it is looked at, and so it would for whoever is told.
  }
  return new Error(printCause(cause));
}

/** What was thrown, as text; it may be anything. */
function printCause(cause: unknown): string {
  try {
    return String(cause);
  } catch {
    return "something that has no text was thrown";
  }
}
