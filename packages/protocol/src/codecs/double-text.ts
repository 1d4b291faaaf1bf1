/**
 * A double as Java prints it (Double.toString), so that Clojure reads a double and our text is the same as its own:
 * `1.0`, `-0.0`, `1.0E21`, `1.5E-5`. For finite numbers.
 */
export function doubleText(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e7) return Number.isInteger(value) ? `${value}.0` : String(value);
  if (size === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  // Outside of this range String writes an exponent by itself, and is faster by half.
  const text = size >= 1e21 || size < 1e-6 ? String(value) : value.toExponential();
  const at = text.indexOf("e");
  const digits = text.slice(0, at);
  return `${digits}${digits.includes(".") ? "" : ".0"}E${Number(text.slice(at + 1))}`;
}
