/** Time, as a backplane needs it: a `VirtualClock` in tests. */
export interface BackplaneClock {
  /** Milliseconds since some moment; never moves with the wall clock. */
  readonly now: number;
  /** Calls `fn` once after `ms`; returns the function that takes it back. */
  after(ms: number, fn: () => void): () => void;
}
