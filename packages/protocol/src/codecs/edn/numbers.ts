import { type Integer, isDecimal, MAX_DIGITS, readInteger, reduceRatio } from "../../values/numbers.ts";
import { Tagged } from "../../values/types.ts";

// The three patterns of Clojure's reader (clojure.lang.EdnReader), tried in its order.
const integer = /^([-+]?)(?:(0|[1-9]\d*)|0[xX]([\dA-Fa-f]+)|0([0-7]+)|([1-9]\d?)[rR]([\dA-Za-z]+))N?$/;
const decimal = /^[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?(M?)$/;
const ratio = /^([-+]?\d+)\/(\d+)$/;

/** Why a token that begins like a number is none that we read. */
export type NumberFault = "malformed" | "too-many-digits";

/** Reads the number in a token; a bigdec or a ratio is a `Tagged`. Returns a text that says why, where it is no number. */
export function readNumber(token: string): number | bigint | Tagged | NumberFault {
  const whole = integer.exec(token);
  if (whole !== null) return readWhole(whole);
  const point = decimal.exec(token);
  if (point !== null) {
    // With a leading zero, digits alone are an octal number, or none.
    if (/^[-+]?0\d+$/.test(token)) return "malformed";
    if (point[1] !== "M") return Number(token);
    const digits = token.slice(0, -1);
    return isDecimal(digits) ? new Tagged("bigdec", digits) : "malformed";
  }
  const quotient = ratio.exec(token);
  return quotient === null ? "malformed" : readRatio(quotient[1] ?? "", quotient[2] ?? "");
}

function readWhole([, sign = "", digits, hex, octal, radix, based = ""]: string[]): Integer | NumberFault {
  if (digits !== undefined) return readInteger(sign + digits) ?? "too-many-digits";
  const [base, text] = hex !== undefined ? [16, hex] : octal !== undefined ? [8, octal] : [Number(radix), based];
  if (text.length > MAX_DIGITS) return "too-many-digits";
  if (base < 2 || base > 36) return "malformed";
  let value = 0n;
  for (const unit of text) {
    const digit = Number.parseInt(unit, base);
    if (Number.isNaN(digit)) return "malformed";
    value = value * BigInt(base) + BigInt(digit);
  }
  return readInteger(String(sign === "-" ? -value : value)) ?? "too-many-digits";
}

function readRatio(numerator: string, denominator: string): Integer | Tagged | NumberFault {
  const n = readInteger(numerator);
  const d = readInteger(denominator);
  if (n === undefined || d === undefined) return "too-many-digits";
  const reduced = reduceRatio(n, d);
  if (reduced === undefined) return "malformed";
  return Array.isArray(reduced) ? new Tagged("ratio", reduced) : reduced;
}
