const timestamp =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?)?)?)?(?:Z|([-+])(\d\d):(\d\d))?$/;

/**
 * Reads a timestamp as Clojure does (clojure.instant): RFC 3339, of which everything after the year may be missing, with
 * an offset or in UTC; digits beyond milliseconds are dropped. Undefined where it is none, or no day of the calendar.
 */
export function readInstant(text: string): Date | undefined {
  const match = timestamp.exec(text);
  if (match === null) return undefined;
  const field = (index: number, missing: number) => Number(match[index] ?? missing);
  const month = field(2, 1);
  const day = field(3, 1);
  const hours = field(4, 0);
  const minutes = field(5, 0);
  const seconds = field(6, 0);
  const offset = (match[8] === "-" ? -1 : 1) * (field(9, 0) * 60 + field(10, 0));
  // A leap second is the last of its minute; Date has none, and counts it as the next minute's first.
  if (hours > 23 || minutes > 59 || seconds > (minutes === 59 ? 60 : 59)) return undefined;
  if (field(9, 0) > 23 || field(10, 0) > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(field(1, 0), month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  date.setUTCHours(hours, minutes - offset, seconds, Number((match[7] ?? "").slice(0, 3).padEnd(3, "0")));
  return date;
}
