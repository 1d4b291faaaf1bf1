/** The longest integer that is sent or read, in decimal digits: reading and printing a bigint is not linear. */
export const MAX_DIGITS = 1000;

const tooLarge = 10n ** BigInt(MAX_DIGITS);
const largestSafe = BigInt(Number.MAX_SAFE_INTEGER);

export function hasTooManyDigits(value: bigint): boolean {
  return value >= tooLarge || value <= -tooLarge;
}

/** Is there a number that is exactly this? */
export function isSafe(value: bigint): boolean {
  return value <= largestSafe && value >= -largestSafe;
}

/** The number of the same value where that is exact, else the bigint itself. */
export function toExact(value: bigint): number | bigint {
  return isSafe(value) ? Number(value) : value;
}

/** Is it in the range of Java's long? */
export function isLong(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

/** An integer from an optional sign and digits; undefined where there are more than `MAX_DIGITS` of them. */
export function readInteger(text: string): number | bigint | undefined {
  if (text.length <= 15) return Number(text) + 0;
  if (text.length > MAX_DIGITS + 1) return undefined;
  const value = BigInt(text);
  return text.length > MAX_DIGITS && hasTooManyDigits(value) ? undefined : toExact(value);
}

export type Integer = number | bigint;

export function isInteger(value: unknown): value is Integer {
  return typeof value === "bigint" ? !hasTooManyDigits(value) : Number.isSafeInteger(value);
}

/**
 * The quotient in lowest terms, denominator positive, as Clojure's reader makes it: an integer where it is whole.
 * Undefined where the denominator is zero.
 */
export function reduceRatio(numerator: Integer, denominator: Integer): Integer | [Integer, Integer] | undefined {
  let n = BigInt(numerator);
  let d = BigInt(denominator);
  if (d === 0n) return undefined;
  let divisor = n;
  let rest = d;
  while (rest !== 0n) [divisor, rest] = [rest, divisor % rest];
  // The divisor takes the sign of d, so that d becomes positive.
  if (divisor < 0n !== d < 0n) divisor = -divisor;
  n /= divisor;
  d /= divisor;
  return d === 1n ? toExact(n) : [toExact(n), toExact(d)];
}

const decimal = /^([-+]?)(\d+)(?:\.(\d*))?(?:[eE]([-+]?\d+))?$/;

/**
 * Is it the text of a BigDecimal, as Clojure reads it before its M? It stays text: an exponent is never expanded. Java
 * has no place for a scale or an exponent of more than 32 bits.
 */
export function isDecimal(value: unknown): value is string {
  if (typeof value !== "string") return false;
  const parts = decimal.exec(value);
  if (parts === null) return false;
  const exponent = Number(parts[4] ?? 0);
  return isInt32(exponent) && isInt32((parts[3] ?? "").length - exponent);
}

function isInt32(value: number): boolean {
  return (value | 0) === value;
}

/** One text for all decimals of one value: `1.50`, `+1.5` and `15e-1` are `15E-1`. */
export function normaliseDecimal(text: string): string {
  const [, sign, whole = "", fraction = "", exponent] = decimal.exec(text) ?? [];
  const digits = whole + fraction;
  let from = 0;
  while (digits.charCodeAt(from) === ZERO) from++;
  if (from === digits.length) return "0";
  let to = digits.length;
  while (digits.charCodeAt(to - 1) === ZERO) to--;
  const power = Number(exponent ?? 0) - fraction.length + digits.length - to;
  return `${sign === "-" ? "-" : ""}${digits.slice(from, to)}E${power}`;
}

const ZERO = 48;

/** Does a `Tagged("ratio", value)` hold what it must? */
export function isRatio(value: unknown): value is readonly [Integer, Integer] {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [numerator, denominator]: unknown[] = value;
  return isInteger(numerator) && isInteger(denominator) && Number(denominator) !== 0;
}

/** What Clojure makes of the ratio in a `Tagged`; undefined where it is none. */
export function ratioOf(tagged: {
  readonly tag: string;
  readonly value: unknown;
}): Integer | [Integer, Integer] | undefined {
  const { tag, value } = tagged;
  return tag === "ratio" && isRatio(value) ? reduceRatio(value[0], value[1]) : undefined;
}
