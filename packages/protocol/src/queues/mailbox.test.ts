import { expect, it } from "vitest";
import { Mailbox } from "./mailbox.ts";

it("does not hold what is not wanted any more, though nobody reads it", async () => {
  const wanted = new Set<number>();
  let held = 0;
  const mailbox = new Mailbox<number>(Number.POSITIVE_INFINITY, {
    accepts: (n) => wanted.has(n),
    onTaken: () => held--,
    onEnd: () => {},
  });
  let most = 0;
  for (let n = 0; n < 10_000; n++) {
    if (n % 50 === 0) wanted.clear();
    wanted.add(n);
    held++;
    mailbox.put(n);
    most = Math.max(most, held);
  }
  expect(most).toBeLessThanOrEqual(128);
  const read: number[] = [];
  for (let i = 0; i < 50; i++) read.push((await mailbox.next()).value);
  expect(read).toEqual([...wanted]);
});
