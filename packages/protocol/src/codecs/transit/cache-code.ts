// Transit's cache (specification, "Caching"; numerals as its implementations have them): every tag, keyword, symbol and
// map key of more than three characters has an index from its first use on, and is a short code from then on.

/** So many entries, then both sides begin anew. */
export const CACHE_SIZE: number = 44 * 44;

const FIRST_NUMERAL = 48;

/** True where a text of so many units, its `~` and type included, gets a place in the cache. */
export const isCacheable = (length: number): boolean => length > 3;

const codes: string[] = [];

/** The last unit of the code for an index. */
export const toLowDigit = (index: number): number => (index % 44) + FIRST_NUMERAL;

/** The unit before that, which a code has from the index 44 on. */
export const toHighDigit = (index: number): number => Math.floor(index / 44) + FIRST_NUMERAL;

/** The code for an index, in quotes. */
export function toCode(index: number): string {
  const known = codes[index];
  if (known !== undefined) return known;
  const low = String.fromCharCode(toLowDigit(index));
  const code = index < 44 ? `"^${low}"` : `"^${String.fromCharCode(toHighDigit(index))}${low}"`;
  codes[index] = code;
  return code;
}

/** The index of a code; `first` and `second` are the units after its `^`, of which the second may be missing. */
export function toIndex(first: number, second: number | undefined): number {
  const high = first - FIRST_NUMERAL;
  return second === undefined ? high : high * 44 + second - FIRST_NUMERAL;
}
