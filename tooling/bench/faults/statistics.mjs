/** The value below which that share of the values lies (nearest rank); null where there are none. */
export function percentile(values, share) {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

export const median = (values) => percentile(values, 0.5);

export const sum = (values) => values.reduce((total, value) => total + value, 0);

/** How many of the times fall into each bin of that width, from 0 on; earlier ones are left out. */
export function histogram(times, binMs) {
  const bins = [];
  for (const time of times) {
    if (time < 0) continue;
    const bin = Math.floor(time / binMs);
    while (bins.length <= bin) bins.push(0);
    bins[bin]++;
  }
  return bins;
}

/** The slope of the least-squares line through `[x, y]`. */
export function slope(points) {
  const meanX = sum(points.map(([x]) => x)) / points.length;
  const meanY = sum(points.map(([, y]) => y)) / points.length;
  const above = sum(points.map(([x, y]) => (x - meanX) * (y - meanY)));
  return above / sum(points.map(([x]) => (x - meanX) ** 2));
}

/** A random generator with a seed (mulberry32), so that every library meets the same schedule. */
export function createRandom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export const round = (value, digits = 1) => (value === null ? null : Number(value.toFixed(digits)));
