import { type HandshakeError, MAX_UID_LENGTH, type Rejection, UsageError } from "@sente-lite/protocol";
import { checkKnownOptions } from "@sente-lite/protocol/options";
import { isRefusalCode, MAX_HINT_MS, writeRefusal } from "@sente-lite/protocol/session";
import { readHeaders } from "./refusal-headers.ts";

// What the application's functions return is checked: types are not there at run time, and what they say decides who is
// let in, and goes into statuses and close frames.

const STATUSES: readonly unknown[] = [401, 403, 429, 503];

/** The CSRF token that a request must carry; none where the application has none for it. Throws `UsageError`. */
export function checkToken(token: unknown): string | undefined {
  if (token === undefined || token === null || token === "") return undefined;
  if (typeof token !== "string") {
    throw new UsageError("bad-csrf-token", `csrfTokenFn gives a string, null or nothing, not ${kindOf(token)}`);
  }
  return token;
}

/** The user id that the application gave; null for a user without one. Throws `UsageError`. */
export function checkUid(uid: unknown): string | null {
  if (uid === undefined || uid === null) return null;
  if (typeof uid !== "string") {
    throw new UsageError("bad-uid", `userIdFn gives a string, null or nothing, not ${kindOf(uid)}`);
  }
  if (uid.length > MAX_UID_LENGTH) {
    throw new UsageError("bad-uid", `a uid has at most ${MAX_UID_LENGTH} characters, not ${uid.length}`);
  }
  return uid;
}

/** Before this a number is one of seconds: as milliseconds it is a time of 1973. */
const LEAST_MS = 100_000_000_000;

/**
 * When the login ends that `authorizedFn` gave, in milliseconds since 1970; undefined for one that does not end. Throws
 * `UsageError`.
 */
export function checkExpiresAt(context: unknown): number | undefined {
  if (typeof context !== "object" || context === null) return undefined;
  const { expiresAt } = context as { readonly expiresAt?: unknown };
  if (expiresAt === undefined || expiresAt === null || expiresAt === Number.POSITIVE_INFINITY) return undefined;
  if (typeof expiresAt === "number" && expiresAt >= LEAST_MS) return expiresAt;
  const given = expiresAt instanceof Date ? "a Date: give its getTime()" : show(expiresAt);
  const message = `expiresAt of what authorizedFn gives is a number of milliseconds since 1970, not ${given}`;
  throw new UsageError("bad-expires-at", message);
}

/** Told of what is of no use in a refusal whose status is. */
type Report = (unusable: unknown) => void;

/** Why the application refuses a request; undefined where it lets it go on. Throws `UsageError`. */
export function checkRejection(given: unknown, report: Report): Rejection | undefined {
  if (given === undefined || given === null || given === false) return undefined;
  if (typeof given !== "object" || Array.isArray(given)) {
    throw createRejectionError(`{ status, body, retryInMs, spreadMs }, null or nothing, not ${kindOf(given)}`);
  }
  return refusalOf(given, readRejection, report);
}

/** What a `HandshakeError` of the application says. Throws `UsageError`. */
export function rejectionOf(thrown: HandshakeError, report: Report): Rejection {
  const { status = 403, code, message, data, headers } = thrown;
  return refusalOf({ status, code, message, data, headers }, readError, report);
}

type Given<T> = { readonly [K in keyof T]?: unknown };

/** Whoever shall stay out does, also where how that is said is of no use: then the status alone is said. */
function refusalOf(given: Given<Rejection>, read: (given: Given<Rejection>) => Rejection, report: Report): Rejection {
  try {
    return read(given);
  } catch (unusable) {
    if (!STATUSES.includes(given.status)) throw unusable;
    report(unusable);
    return { status: Number(given.status) };
  }
}

function readRejection(given: Given<Rejection>): Rejection {
  checkKnownOptions(given, {
    of: "what rejectFn returns",
    names: ["status", "body", "headers", "code", "message", "data", "retryInMs", "spreadMs"],
    meant: { reason: "message", text: "body", retryAfter: "retryInMs" },
  });
  const { status, body, headers, code, message, data, retryInMs, spreadMs } = given;
  if (!STATUSES.includes(status)) throw createRejectionError(`a status of ${STATUSES.join(", ")}, not ${show(status)}`);
  if (body !== undefined && typeof body !== "string")
    throw createRejectionError(`a string for body, not ${kindOf(body)}`);
  return {
    status: Number(status),
    ...(body !== undefined && { body }),
    ...(headers !== undefined && { headers: readHeaders(headers) }),
    ...readReason({ code, message, data }),
    retryInMs: duration("retryInMs", retryInMs),
    spreadMs: duration("spreadMs", spreadMs),
  };
}

function readError({ status, code, message, data, headers }: Given<Rejection>): Rejection {
  if (!STATUSES.includes(status)) throw createReasonError(`a status of ${STATUSES.join(", ")}, not ${show(status)}`);
  return {
    status: Number(status),
    ...(headers !== undefined && { headers: readHeaders(headers) }),
    ...readReason({ code, message, data }),
  };
}

type Reason = Pick<Rejection, "code" | "message" | "data">;

function readReason({ code, message, data }: Given<Reason>): Reason {
  if (message !== undefined && typeof message !== "string")
    throw createReasonError(`a string for message, not ${kindOf(message)}`);
  if (code === undefined) {
    if (data !== undefined) throw createReasonError("a code beside its data");
    return message === undefined ? {} : { message };
  }
  if (!isRefusalCode(code)) throw createReasonError("a code in kebab-case, of at most 64 characters");
  let written: string | undefined;
  try {
    written = writeRefusal({ code, data }, { retryInMs: MAX_HINT_MS, spreadMs: MAX_HINT_MS });
  } catch (cause) {
    throw new UsageError("bad-rejection", "a refusal has data that JSON can say", { cause });
  }
  if (written === undefined) throw createReasonError("code and data that a close frame can carry, about 60 bytes");
  return { code, ...(message !== undefined && { message }), ...(data !== undefined && { data }) };
}

function createRejectionError(what: string): UsageError {
  return new UsageError("bad-rejection", `rejectFn gives ${what}`);
}

function createReasonError(what: string): UsageError {
  return new UsageError("bad-rejection", `a refusal has ${what}`);
}

function duration(name: string, given: unknown): number {
  if (given === undefined) return 0;
  if (typeof given !== "number" || !(given >= 0 && given <= Number.MAX_SAFE_INTEGER)) {
    throw new UsageError("bad-rejection", `rejectFn gives a number of milliseconds for ${name}, not ${show(given)}`);
  }
  return given;
}

function show(value: unknown): string {
  return typeof value === "number" ? String(value) : kindOf(value);
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? "an array" : `a value of type ${typeof value}`;
}
