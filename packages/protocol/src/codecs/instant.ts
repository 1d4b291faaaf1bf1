const POINT = 46;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const PLUS = 43;
const MINUS = 45;
const T = 84;
const Z = 90;

// Before the month, the day, the hours, the minutes and the seconds.
const separators = [MINUS, MINUS, T, COLON, COLON];

/**
 * Reads a timestamp as Clojure does (clojure.instant): RFC 3339, of which everything after the year may be missing, with
 * an offset or in UTC; digits beyond milliseconds are dropped. Undefined where it is none, or no day of the calendar.
 * The timestamp is the part of the text from `from` to `to`. It is read digit by digit: a regular expression takes seven
 * times as long.
 */
export function readInstant(text: string, from = 0, to: number = text.length): Date | undefined {
  const year = pairAt(text, from) * 100 + pairAt(text, from + 2);
  const fields = [1, 1, 0, 0, 0];
  let at = from + 4;
  let count = 0;
  // Two digits before a colon, where a day or a month might stand, are an offset.
  while (at < to && text.charCodeAt(at) === separators[count] && (count >= 2 || text.charCodeAt(at + 3) !== COLON)) {
    fields[count++] = pairAt(text, at + 1);
    at += 3;
  }
  let millis = 0;
  if (count === 5 && at < to && text.charCodeAt(at) === POINT) {
    const first = ++at;
    for (let place = 100; at < to && isDigit(text.charCodeAt(at)); place = Math.floor(place / 10)) {
      millis += place * (text.charCodeAt(at++) - ZERO);
    }
    if (at === first) return undefined;
  }
  let offset = 0;
  const unit = at < to ? text.charCodeAt(at) : -1;
  if (unit === Z) at++;
  else if (unit === PLUS || unit === MINUS) {
    offset = offsetAt(text, at + 1) * (unit === MINUS ? -1 : 1);
    at += 6;
  }
  const [month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = fields;
  // Date has no leap seconds: second 60 becomes the first second of the next minute.
  const isTime = hours <= 23 && minutes <= 59 && seconds <= (minutes === 59 ? 60 : 59);
  if (at !== to || !isTime || !isDay(year, month, day)) return undefined;
  const ms = ((dayNumber(year, month, day) * 24 + hours) * 60 + minutes - offset) * 60_000 + seconds * 1000 + millis;
  return Number.isNaN(ms) ? undefined : new Date(ms);
}

const twoDigits = /* @__PURE__ */ Array.from({ length: 100 }, (_, number) => String(number).padStart(2, "0"));

/** `2026-01-02T03:04:05.678`, in UTC; of a date in the years 0 to 9999. In half the time of the engine's `toISOString`. */
export function instantText(date: Date): string {
  const year = date.getUTCFullYear();
  const millis = date.getUTCMilliseconds();
  const day = `${twoDigits[Math.floor(year / 100)]}${twoDigits[year % 100]}-${twoDigits[date.getUTCMonth() + 1]}-${twoDigits[date.getUTCDate()]}`;
  const time = `${twoDigits[date.getUTCHours()]}:${twoDigits[date.getUTCMinutes()]}:${twoDigits[date.getUTCSeconds()]}`;
  return `${day}T${time}.${Math.floor(millis / 100)}${twoDigits[millis % 100]}`;
}

function isDigit(unit: number): boolean {
  return unit >= ZERO && unit <= NINE;
}

/** The number that two digits are; NaN where they are none. */
function pairAt(text: string, at: number): number {
  const high = text.charCodeAt(at);
  const low = text.charCodeAt(at + 1);
  return isDigit(high) && isDigit(low) ? high * 10 + low - ZERO * 11 : Number.NaN;
}

/** The minutes that `hh:mm` are; NaN where it is none. */
function offsetAt(text: string, at: number): number {
  const hours = pairAt(text, at);
  const minutes = pairAt(text, at + 3);
  return text.charCodeAt(at + 2) === COLON && hours <= 23 && minutes <= 59 ? hours * 60 + minutes : Number.NaN;
}

const monthLengths = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const daysBeforeMonth = [0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const DAYS_BEFORE_1970 = 719_528;

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function isDay(year: number, month: number, day: number): boolean {
  return day >= 1 && day <= (monthLengths[month] ?? 0) + (month === 2 && isLeap(year) ? 1 : 0);
}

/** Days since 1 January 1970, by today's calendar also for the centuries that had another. */
function dayNumber(year: number, month: number, day: number): number {
  const leapDays = Math.ceil(year / 4) - Math.ceil(year / 100) + Math.ceil(year / 400);
  const inYear = (daysBeforeMonth[month] ?? 0) + (month > 2 && isLeap(year) ? 1 : 0) + day - 1;
  return year * 365 + leapDays + inYear - DAYS_BEFORE_1970;
}
