import { UsageError } from "@sente-lite/protocol";
import { showValue } from "@sente-lite/protocol/options";

/** Times to wait: 0 switches each of them off, so nothing is pinged, or given up. */
const SWITCHED_OFF_BY_0: ReadonlySet<string> = new Set([
  "pingIntervalMs",
  "pingTimeoutMs",
  "connectTimeoutMs",
  "requestTimeoutMs",
  "timeoutMs",
  "slowHandlerMs",
  "hookTimeoutMs",
]);

/** With less than 1 nothing would ever be sent, taken, or tried. */
const AT_LEAST_1: ReadonlySet<string> = new Set([
  "maxPayloadBytes",
  "highWaterBytes",
  "maxAttempts",
  "maxConnections",
  "maxConnectionsPerUser",
  "maxConnectionsPerAddress",
  "maxConnectsPerSecondPerAddress",
  "maxHandshakes",
  "maxEventsPerSecond",
  "maxBytesPerSecond",
  "maxEventsPerSecondPerUser",
  "maxBytesPerSecondPerUser",
]);

/** Limits with their defaults, as `limitOf` has them. */
export function limitsOf<L extends { readonly [K in keyof L]: number }>(
  defaults: L,
  options: { readonly [K in keyof L]?: unknown },
): L {
  const limits = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof L & string)[]) {
    const value = options[name];
    if (value !== undefined) limits[name] = limitOf(name, value) as L[typeof name];
  }
  return limits;
}

/**
 * One limit as the machines take it: a time to wait that 0 switches off is infinite. Throws `UsageError` `bad-limit` for
 * what is no number, and for one that is too small.
 */
export function limitOf(name: string, value: unknown): number {
  const least = AT_LEAST_1.has(name) ? 1 : 0;
  if (typeof value !== "number" || !(value >= least)) {
    throw new UsageError("bad-limit", `${name} is a number of at least ${least}, not ${showValue(value)}`);
  }
  return value === 0 && SWITCHED_OFF_BY_0.has(name) ? Number.POSITIVE_INFINITY : value;
}
