import { UsageError } from "@sente-lite/protocol";

/** Limits with their defaults; a value that is no number of at least 0 throws `UsageError` `bad-limit`. */
export function limitsOf<L extends { readonly [K in keyof L]: number }>(
  defaults: L,
  options: { readonly [K in keyof L]?: unknown },
): L {
  const limits = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof L & string)[]) {
    const value = options[name];
    if (value === undefined) continue;
    if (typeof value !== "number" || !(value >= 0)) {
      throw new UsageError("bad-limit", `${name} is a number of at least 0, not ${String(value)}`);
    }
    limits[name] = value as L[typeof name];
  }
  return limits;
}
