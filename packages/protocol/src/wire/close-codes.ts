// Close codes and their hint (PROTOCOL.md section 8).

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
  pingTimeout: 4408,
  takenOver: 4409,
  tooSlow: 4413,
  rateLimit: 4429,
  draining: 4503,
} as const;

/** After these a client stays closed until it is told to connect again. */
export function isTerminal(code: number): boolean {
  return code === closeCodes.unauthorized || code === closeCodes.forbidden || code === closeCodes.takenOver;
}

/** When a refused client may come again, in milliseconds. */
export interface RetryHint {
  readonly retryInMs: number;
  readonly spreadMs: number;
}

const MAX_HINT_MS = 300_000;

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
