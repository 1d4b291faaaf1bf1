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

it("tells of a history that began anew, however low its offsets are, and goes on with it", async () => {
  const delivered: number[] = [];
  const told: string[] = [];
  let top = { epoch: "first", offset: 17 };
  const feed = new RoomFeed<string>({
    read: async ({ epoch }) => ({ entries: [], top, isComplete: epoch === top.epoch }),
    deliver: ({ offset }) => delivered.push(offset),
    broken: () => told.push(top.epoch),
    report: (error) => expect.fail(String(error)),
  });
  feed.begin(top);
  feed.take({ offset: 17, event: "said" }, "first");
  top = { epoch: "second", offset: 2 };
  feed.take({ offset: 1, event: "said" }, "second");
  feed.take({ offset: 2, event: "said" }, "second");
  await expect.poll(() => told).toEqual(["second"]);
  feed.take({ offset: 3, event: "said" }, "second");
  // What is late of the one before changes nothing.
  feed.take({ offset: 18, event: "said" }, "first");
  await expect.poll(() => delivered).toEqual([3]);
  feed.take({ offset: 4, event: "said" }, "second");
  await feed.look();
  expect(told).toEqual(["second"]);
});
