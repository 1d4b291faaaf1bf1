import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { instantText, readInstant } from "./instant.ts";

const pattern =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?)?)?)?(?:Z|([-+])(\d\d):(\d\d))?$/;

/** What clojure.instant's pattern says, by the engine's own calendar: slow and plain. */
function expected(text: string): number | undefined {
  const found = pattern.exec(text);
  if (found === null) return undefined;
  const field = (index: number, missing = "00") => found[index] ?? missing;
  const [month, day, seconds] = [field(2, "01"), field(3, "01"), field(6)];
  const isLeapSecond = seconds === "60" && field(5) === "59";
  const millis = (found[7] ?? "").slice(0, 3).padEnd(3, "0");
  const time = `T${field(4)}:${field(5)}:${isLeapSecond ? "59" : seconds}.${millis}Z`;
  const ms = Date.parse(`${field(1)}-${month}-${day}${time}`);
  const offset = Number(field(9)) * 60 + Number(field(10));
  if (Number(field(4)) > 23 || Number(field(9)) > 23 || Number(field(10)) > 59 || Number.isNaN(ms)) return undefined;
  // Date.parse takes 31 February for 3 March.
  if (new Date(ms).getUTCDate() !== Number(day)) return undefined;
  return ms + (isLeapSecond ? 1000 : 0) - (field(8) === "-" ? -1 : 1) * offset * 60_000;
}

const digits = (most: number, length: number) => fc.nat(most).map((value) => String(value).padStart(length, "0"));
const full = fc
  .tuple(digits(9999, 4), digits(13, 2), digits(32, 2), digits(24, 2), digits(60, 2), digits(61, 2), digits(99_999, 1))
  .map(
    ([year, month, day, hours, minutes, seconds, fraction]) =>
      `${year}-${month}-${day}T${hours}:${minutes}:${seconds}.${fraction}`,
  );
const zone = fc.oneof(
  fc.constantFrom("", "Z", "-00:00"),
  fc.tuple(fc.constantFrom("+", "-"), digits(24, 2), digits(60, 2)).map(([sign, h, m]) => `${sign}${h}:${m}`),
);
const shortened = fc
  .tuple(full, fc.constantFrom(4, 7, 10, 13, 16, 19, 21, 30), zone)
  .map(([text, length, end]) => text.slice(0, length) + end);
const damaged = fc
  .tuple(shortened, fc.nat(30), fc.constantFrom(..."0-+:TZ. ", ""), fc.nat(2))
  .map(([text, at, put, cut]) => text.slice(0, at) + put + text.slice(at + cut));

describe("an instant", () => {
  it("is what the pattern and the calendar say, for whatever looks like one", () => {
    fc.assert(
      fc.property(fc.oneof(shortened, damaged), (text) => {
        expect(readInstant(text)?.getTime()).toBe(expected(text));
        expect(readInstant(`:${text}"`, 1, text.length + 1)?.getTime()).toBe(expected(text));
      }),
      { numRuns: 2000 },
    );
  });

  it("is any time of the years 0 to 9999, to the millisecond", () => {
    const times = fc.date({
      min: new Date(-62_167_219_200_000),
      max: new Date(253_402_300_799_999),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(times, (date) => {
        expect(`${instantText(date)}Z`).toBe(date.toISOString());
        expect(readInstant(date.toISOString())).toEqual(date);
      }),
    );
  });

  it("ends where the text is said to end", () => {
    expect(readInstant("2026-03-02", 0, 7)).toEqual(new Date("2026-03-01T00:00:00Z"));
    expect(readInstant("2026-03-02T00:00:00.123", 0, 21)).toEqual(new Date("2026-03-02T00:00:00.1Z"));
    for (const to of [-1, 0, 3, 9]) expect(readInstant("2026-03-02", 0, to)).toBeUndefined();
  });
});
