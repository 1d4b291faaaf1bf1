/**
 * Makes machine time of a clock (PROTOCOL.md section 7): whole milliseconds that never go back. When the clock
 * falls, the offset shifts by as much.
 */
export function makeMonotonic(read: () => number): () => number {
  let last = Number.NEGATIVE_INFINITY;
  let offset = 0;
  return () => {
    const raw = Math.floor(read());
    if (raw + offset < last) offset = last - raw;
    last = raw + offset;
    return last;
  };
}

/** The earlier of two times, of which either may not be. */
export function pickEarlier(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}
