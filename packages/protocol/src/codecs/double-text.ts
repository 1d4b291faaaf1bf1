/**
 * A double as Java prints it (Double.toString), so that Clojure reads a double and our text is the same as its own:
 * `1.0`, `-0.0`, `1.0E21`, `1.5E-5`. For finite numbers.
 */
export function doubleText(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e7) return Number.isInteger(value) ? `${value}.0` : String(value);
  if (size === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const [digits = "", exponent = ""] = value.toExponential().split("e");
  return `${digits}${digits.includes(".") ? "" : ".0"}E${Number(exponent)}`;
}
