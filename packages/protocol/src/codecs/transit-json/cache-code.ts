// Transit's cache (specification, "Caching"; numerals as its implementations have them): every tag, keyword, symbol and
// map key of more than three characters has an index from its first use on, and is a short code from then on.

/** So many entries, then both sides begin anew. */
export const CACHE_SIZE: number = 44 * 44;

const FIRST_NUMERAL = 48;

/** Whether a text of that many units, its `~` and type included, is worth a place in the cache. */
export const isCacheable = (length: number): boolean => length > 3;

const codes: string[] = [];

/** The code for an index, in quotes. */
export function toCode(index: number): string {
  const known = codes[index];
  if (known !== undefined) return known;
  const low = String.fromCharCode((index % 44) + FIRST_NUMERAL);
  const high = index < 44 ? "" : String.fromCharCode(Math.floor(index / 44) + FIRST_NUMERAL);
  codes[index] = `"^${high}${low}"`;
  return `"^${high}${low}"`;
}

/** The index that the units after the `^` of a code stand for, of which there may be one or two. */
export function toIndex(first: number, second: number | undefined): number {
  const high = first - FIRST_NUMERAL;
  return second === undefined ? high : high * 44 + second - FIRST_NUMERAL;
}
