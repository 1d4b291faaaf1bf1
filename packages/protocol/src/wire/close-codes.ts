import { countBytes } from "./frames.ts";

// Close codes, and what the reason of a close says (PROTOCOL.md sections 1.4 and 8).

/** The close codes of PROTOCOL.md section 8.1, by name. */
export const closeCodes = {
  normal: 1000,
  goingAway: 1001,
  tooBig: 1009,
  restart: 1012,
  broken: 4000,
  badFrame: 4400,
  unauthorized: 4401,
  forbidden: 4403,
  unknownCodec: 4406,
  pingTimeout: 4408,
  takenOver: 4409,
  tooSlow: 4413,
  rateLimit: 4429,
  draining: 4503,
} as const;

/** After these a client stays closed until it is told to connect again. */
export function isTerminal(code: number): boolean {
  return terminal.has(code);
}

/** Why a connection was closed whose login has ended (PROTOCOL.md section 1.9). */
export const LOGIN_EXPIRED = "login-expired";

/** True where an open connection was closed because its login has ended: that is no refusal. */
export function isLoginExpired(code: number, reason: string): boolean {
  return readRefusal(code, reason)?.code === LOGIN_EXPIRED;
}

const terminal: ReadonlySet<number> = new Set([
  closeCodes.unauthorized,
  closeCodes.forbidden,
  closeCodes.unknownCodec,
  closeCodes.takenOver,
]);

/** When a refused client may come again, in milliseconds. */
export interface RetryHint {
  readonly retryInMs: number;
  readonly spreadMs: number;
}

/** The longest that a hint says, in milliseconds: five minutes. */
export const MAX_HINT_MS = 300_000;

/** Reads the hint in a close reason, clamped to five minutes; undefined where there is none or it is malformed. */
export function readHint(reason: string): RetryHint | undefined {
  if (!reason.startsWith("{")) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(reason);
  } catch {
    return undefined;
  }
  const { retryInMs = 0, spreadMs = 0 } = parsed as { retryInMs?: unknown; spreadMs?: unknown };
  if (!isDuration(retryInMs) || !isDuration(spreadMs)) return undefined;
  return {
    retryInMs: Math.min(Math.floor(retryInMs), MAX_HINT_MS),
    spreadMs: Math.min(Math.floor(spreadMs), MAX_HINT_MS),
  };
}

function isDuration(value: unknown): value is number {
  return typeof value === "number" && value >= 0;
}

/** A hint as a close reason (PROTOCOL.md section 8.3). */
export function writeHint(hint: RetryHint): string {
  return JSON.stringify({ retryInMs: hint.retryInMs, spreadMs: hint.spreadMs });
}

/** The close code that tells our own clients of an HTTP status. */
export function closeCodeOf(status: number): number {
  if (status === 401) return closeCodes.unauthorized;
  if (status === 429) return closeCodes.rateLimit;
  if (status === 503) return closeCodes.draining;
  return closeCodes.forbidden;
}

const statuses: ReadonlyMap<number, number> = new Map([
  [closeCodes.unauthorized, 401],
  [closeCodes.forbidden, 403],
  [closeCodes.unknownCodec, 406],
  [closeCodes.rateLimit, 429],
  [closeCodes.draining, 503],
]);

/** Why a server refused, in its application's words (PROTOCOL.md section 1.4). */
export interface RefusalReason {
  readonly code: string;
  readonly message?: string | undefined;
  /** What JSON can say. */
  readonly data?: unknown;
}

/** The same as it is read, with the status that the close code stands for. */
export interface ToldRefusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly data: unknown;
}

/** So much a close frame can carry (RFC 6455 section 5.5). */
export const MAX_REASON_BYTES = 123;
const MAX_CODE_LENGTH = 64;
const UNKNOWN_CODEC = "unknown-codec";

/**
 * A refusal as a close reason, its message cut to what a close frame can carry; undefined where not even code and data are
 * within that. Throws `TypeError` for data that JSON cannot say.
 */
export function writeRefusal(
  { code, message = "", data }: RefusalReason,
  hint: Partial<RetryHint>,
): string | undefined {
  const rest = { code, data, ...hint };
  let left = MAX_REASON_BYTES - countBytes(JSON.stringify(rest));
  if (left < 0) return undefined;
  left -= ',"message":""'.length;
  let cut = "";
  for (const character of message) {
    left -= countBytes(JSON.stringify(character)) - 2;
    if (left < 0) break;
    cut += character;
  }
  return JSON.stringify(cut === "" ? rest : { code, message: cut, data, ...hint });
}

/** The close reason for a client whose codec the server lacks: names of those that it has, as many as there is room for. */
export function writeUnknownCodec(offered: readonly string[]): string {
  for (let more = 0; more < offered.length; more++) {
    const codecs = offered.slice(0, offered.length - more);
    const told = writeRefusal({ code: UNKNOWN_CODEC, data: more === 0 ? { codecs } : { codecs, more } }, {});
    if (told !== undefined) return told;
  }
  return JSON.stringify({ code: UNKNOWN_CODEC });
}

/** What such a reason says; undefined where the refusal has another reason, or names no codec. */
export function readUnknownCodec({ code, data }: ToldRefusal): UnknownCodec | undefined {
  if (code !== UNKNOWN_CODEC || typeof data !== "object" || data === null) return undefined;
  const { codecs, more = 0 } = data as { codecs?: unknown; more?: unknown };
  if (!Array.isArray(codecs) || codecs.length === 0 || !codecs.every((name) => typeof name === "string"))
    return undefined;
  return { codecs, more: Number.isSafeInteger(more) ? Number(more) : 0 };
}

/** The codecs of a server, and how many more it has than it had room to name. */
export interface UnknownCodec {
  readonly codecs: readonly string[];
  readonly more: number;
}

/** Reads what the close of a refusal says; undefined where it is none, or says nothing that can be read. */
export function readRefusal(closeCode: number, reason: string): ToldRefusal | undefined {
  const status = statuses.get(closeCode);
  if (status === undefined || !reason.startsWith("{")) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(reason);
  } catch {
    return undefined;
  }
  const { code, message = "", data = null } = parsed as { code?: unknown; message?: unknown; data?: unknown };
  if (!isRefusalCode(code) || typeof message !== "string") return undefined;
  return { status, code, message, data };
}

/** Kebab-case, as all codes are. */
export function isRefusalCode(code: unknown): code is string {
  return typeof code === "string" && code.length <= MAX_CODE_LENGTH && /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(code);
}
