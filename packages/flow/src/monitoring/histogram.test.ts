import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BucketHistogram } from "./histogram.ts";

function histogramOf(values: readonly number[]): BucketHistogram {
  const histogram = new BucketHistogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

/** The exact quantile by the nearest rank. */
function exact(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

const share = fc.double({ min: 0, max: 1, noNaN: true });

/** Numbers of every magnitude alike. */
const inRange = fc
  .tuple(fc.integer({ min: -20, max: 39 }), fc.double({ min: 1, max: 2, maxExcluded: true, noNaN: true }))
  .map(([exponent, fraction]) => fraction * 2 ** exponent);

describe("a histogram", () => {
  it("gives every quantile within 3.2 % of the exact one", () => {
    fc.assert(
      fc.property(fc.array(inRange, { minLength: 1, maxLength: 200 }), share, (values, q) => {
        const wanted = exact(values, q);
        expect(Math.abs(histogramOf(values).quantile(q) - wanted) / wanted).toBeLessThanOrEqual(0.032);
      }),
      { numRuns: 2000 },
    );
  });

  it("is off by at most a millionth below a millionth, and by the largest number above its range", () => {
    const anything = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(anything, { minLength: 1 }), share, (values, q) => {
        const wanted = exact(values, q);
        const got = histogramOf(values).quantile(q);
        if (wanted >= 2 ** 40) expect(got).toBe(Math.max(...values));
        else expect(Math.abs(got - wanted)).toBeLessThanOrEqual(Math.max(0.032 * wanted, 2 ** -20));
      }),
      { numRuns: 2000 },
    );
  });

  it("keeps count, sum, min and max exactly", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1 }), (values) => {
        const { count, sum, min, max } = histogramOf(values);
        const total = values.reduce((a, b) => a + b, 0);
        expect({ count, sum, min, max }).toEqual({
          count: values.length,
          sum: total,
          min: Math.min(...values),
          max: Math.max(...values),
        });
      }),
    );
  });

  it("leaves out what is NaN, infinite or negative", () => {
    const histogram = histogramOf([3]);
    expect(
      [Number.NaN, Number.POSITIVE_INFINITY, -1, Number.NEGATIVE_INFINITY].map((one) => histogram.record(one)),
    ).toEqual([false, false, false, false]);
    const { count, sum, min, max } = histogram;
    expect({ count, sum, min, max, p99: histogram.quantile(0.99) }).toEqual({
      count: 1,
      sum: 3,
      min: 3,
      max: 3,
      p99: 3,
    });
  });

  it("says 0 of everything while nothing was recorded", () => {
    const histogram = new BucketHistogram();
    expect([histogram.quantile(0.5), histogram.min, histogram.max, histogram.count]).toEqual([0, 0, 0, 0]);
  });

  it("takes a share outside of 0 to 1 as the nearer of them", () => {
    const histogram = histogramOf([1, 1000]);
    expect(histogram.quantile(-1)).toBe(histogram.quantile(0));
    expect(histogram.quantile(Number.NaN)).toBe(histogram.quantile(0));
    expect(histogram.quantile(7)).toBe(histogram.quantile(1));
    expect(histogram.quantile(1)).toBeGreaterThan(900);
  });

  it("takes zero of either sign", () => {
    expect(histogramOf([0, -0]).quantile(1)).toBe(0);
  });
});
