/** Each power of two is cut into so many buckets of equal width: the upper 16 bits of a number are the bucket's name. */
const PER_OCTAVE = 16;
const view = new DataView(new ArrayBuffer(8));

/** The sign, the exponent and four bits of the fraction. */
function upperBits(value: number): number {
  view.setFloat64(0, value);
  return view.getUint16(0);
}

const LEAST = 2 ** -20;
const END = 2 ** 40;
const FIRST = upperBits(LEAST);
const BUCKETS = upperBits(END) - FIRST;

/** The middle of a bucket. */
function middle(index: number): number {
  view.setUint32(0, (FIRST + index) << 16);
  view.setUint32(4, 0);
  const start = view.getFloat64(0);
  return start + 2 ** Math.floor(index / PER_OCTAVE) * (LEAST / PER_OCTAVE / 2);
}

/**
 * Counts numbers in buckets, for quantiles: log-linear, 7.5 KB whatever is recorded. A quantile is off by at most 3.2 %
 * between 2^-20 (a millionth) and 2^40 (a million millions); below, by at most a millionth; above, it says the largest
 * number recorded.
 */
export class BucketHistogram {
  /** How many numbers were recorded. */
  count = 0;
  /** Their sum. */
  sum = 0;
  /** The smallest; 0 while there is none. */
  min = 0;
  /** The largest; 0 while there is none. */
  max = 0;
  #below = 0;
  readonly #buckets = new Float64Array(BUCKETS);

  /** Records a number. NaN, infinite and negative ones are left out: false. */
  record(value: number): boolean {
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) return false;
    if (this.count === 0 || value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    this.count += 1;
    this.sum += value;
    if (value < LEAST) this.#below += 1;
    else if (value < END) {
      const index = upperBits(value) - FIRST;
      this.#buckets[index] = (this.#buckets[index] ?? 0) + 1;
    }
    return true;
  }

  /**
   * The number that the share `q` (0 to 1) of all numbers does not exceed, by the nearest rank; 0 while there is none.
   * `q` outside of 0 to 1 counts as the nearer of them, NaN as 0.
   */
  quantile(q: number): number {
    const rank = Math.max(1, Math.min(this.count, Math.ceil((q || 0) * this.count)));
    let seen = this.#below;
    if (rank <= seen) return this.min;
    for (let index = 0; index < BUCKETS; index += 1) {
      seen += this.#buckets[index] ?? 0;
      if (rank <= seen) return Math.min(this.max, Math.max(this.min, middle(index)));
    }
    return this.max;
  }
}
