import { expect, it } from "vitest";
import { RoomFeed } from "./room-feed.ts";

it("keeps no more events than it may before the history was read, and reads the others from it then", async () => {
  const delivered: number[] = [];
  const reads: number[] = [];
  const history = Array.from({ length: 1_200 }, (_, at) => ({ offset: at + 1, event: "said" }));
  const feed = new RoomFeed<string>({
    read: ({ epoch, offset }) => {
      reads.push(offset);
      return { entries: history.slice(offset), top: { epoch, offset: 1_200 }, isComplete: true };
    },
    deliver: ({ offset }) => delivered.push(offset),
    broken: () => expect.fail("nothing is missing"),
    report: (error) => expect.fail(String(error)),
  });
  for (const entry of history) feed.take(entry);
  expect(delivered).toEqual([]);
  feed.begin({ epoch: "e", offset: 0 });
  await expect.poll(() => delivered.length).toBe(1_200);
  expect(delivered).toEqual(history.map(({ offset }) => offset));
  expect(reads).toEqual([0]);
});
