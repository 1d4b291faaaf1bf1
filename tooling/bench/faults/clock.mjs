/** Milliseconds of the machine's monotonic clock: the same in every process, so that their times can be subtracted. */
export const now = () => Number(process.hrtime.bigint()) / 1e6;

export const sleep = (ms) => new Promise((over) => setTimeout(over, ms));

/** Waits until `isTrue()`, at most so long; returns whether it came true. */
export async function until(isTrue, withinMs, everyMs = 50) {
  const end = now() + withinMs;
  while (!isTrue()) {
    if (now() > end) return false;
    await sleep(everyMs);
  }
  return true;
}

/** Calls `act(k)` for k = 0 to count - 1, evenly over the time, never two late ones further apart than they were due. */
export async function pace(count, overMs, act) {
  const begun = now();
  for (let k = 0; k < count; ) {
    const due = Math.min(count, Math.floor(((now() - begun) / overMs) * count) + 1);
    while (k < due) act(k++);
    await sleep(5);
  }
  await sleep(Math.max(0, begun + overMs - now()));
}
