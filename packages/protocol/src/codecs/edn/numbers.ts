import { type Integer, MAX_DIGITS, readInteger, reduceRatio } from "../../values/numbers.ts";
import { Tagged } from "../../values/types.ts";

// The three patterns of Clojure's reader (clojure.lang.EdnReader), tried in its order.
const integer = /^([-+]?)(?:(0|[1-9]\d*)|0[xX]([\dA-Fa-f]+)|0([0-7]+)|([1-9]\d?)[rR]([\dA-Za-z]+))N?$/;
const decimal = /^[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?(M?)$/;
const ratio = /^([-+]?\d+)\/(\d+)$/;

/** Why a token that begins like a number is none that we read. */
export type NumberFault = "malformed" | "too-many-digits";

/** The number that a token is: a bigdec and a ratio as `Tagged`. A string says why it is none. */
export function readNumber(token: string): number | bigint | Tagged | NumberFault {
  const whole = integer.exec(token);
  if (whole !== null) return readWhole(whole);
  const point = decimal.exec(token);
  if (point !== null) {
    // With a leading zero, digits alone are an octal number, or none.
    if (/^[-+]?0\d+$/.test(token)) return "malformed";
    return point[1] === "M" ? new Tagged("bigdec", token.slice(0, -1)) : Number(token);
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
