import { describe, expect, it } from "vitest";
import { MemoryHistories, type MemoryHistoriesOptions } from "./histories.ts";
import { RoomLog } from "./room-log.ts";

const wide = { size: 1_000, maxBytes: 1_000_000, ttlMs: 1_000 };
const offsets = (entries: readonly { readonly offset: number }[]) => entries.map(({ offset }) => offset);

function logOf(count: number, bounds = wide): RoomLog<string> {
  const log = new RoomLog<string>("e");
  for (let n = 1; n <= count; n++) log.append(`event ${n}`, 10, bounds, n);
  return log;
}

describe("the history of a room", () => {
  it("gives what came after a position, and nothing of what it cannot give in full", () => {
    const log = logOf(5, { ...wide, size: 3 });
    const after = (offset: number, epoch = "e") => log.readAfter({ epoch, offset });
    expect(offsets(after(2).entries)).toEqual([3, 4, 5]);
    expect(offsets(after(4).entries)).toEqual([5]);
    expect(after(5)).toEqual({ entries: [], top: { epoch: "e", offset: 5 }, isComplete: true });
    for (const lost of [after(1), after(6), after(3, "another")]) {
      expect(lost).toEqual({ entries: [], top: { epoch: "e", offset: 5 }, isComplete: false });
    }
  });

  it("keeps so many bytes, and so long", () => {
    expect(logOf(9, { ...wide, maxBytes: 35 }).size).toBe(3);
    const log = logOf(3);
    log.expire(10, 12);
    expect(offsets(log.readAfter({ epoch: "e", offset: 2 }).entries)).toEqual([3]);
    expect(log.bytes).toBe(10);
    log.append("larger than all", 2_000, { ...wide, maxBytes: 1_000 }, 13);
    expect([log.size, log.bytes, log.position.offset]).toEqual([0, 0, 4]);
    expect(log.readAfter({ epoch: "e", offset: 3 }).isComplete).toBe(false);
    expect(log.readAfter({ epoch: "e", offset: 4 }).isComplete).toBe(true);
  });

  it("gives its last events, page by page, and says where it begins", () => {
    const log = logOf(200, { ...wide, size: 120 });
    expect(offsets(log.readLast(2).entries)).toEqual([199, 200]);
    const page = log.readLast(3, 84);
    expect([offsets(page.entries), page.isComplete]).toEqual([[81, 82, 83], true]);
    expect(log.readLast(2, 84).isComplete).toBe(false);
    expect(log.readLast(5, 1).entries).toEqual([]);
    expect(log.readLast(5, 5_000).entries).toHaveLength(5);
    expect(log.readLast(0)).toMatchObject({ entries: [], top: { offset: 200 } });
  });
});

describe("histories in memory", () => {
  const setting = (options: Partial<Pick<MemoryHistoriesOptions, "maxBytes" | "maxRooms" | "isInUse">>) => {
    const clock = { now: 0 };
    let epochs = 0;
    const makeEpoch = () => `e${++epochs}`;
    const histories = new MemoryHistories<string>({
      makeEpoch,
      now: () => clock.now,
      maxBytes: 1_000,
      maxRooms: 10,
      isInUse: () => false,
      ...options,
    });
    return { clock, histories };
  };

  it("let go of the events of rooms that had none for the longest, and know what nobody missed", () => {
    const { histories } = setting({ maxBytes: 100 });
    const quiet = histories.append("quiet", "a", 60, wide);
    const lively = histories.append("lively", "b", 60, wide);
    expect(histories.bytes).toBe(60);
    expect(histories.read("quiet", { after: quiet }, wide).isComplete).toBe(true);
    expect(histories.read("quiet", { after: { ...quiet, offset: 0 } }, wide).isComplete).toBe(false);
    expect(histories.read("lively", { after: { ...lively, offset: 0 } }, wide).entries).toHaveLength(1);
  });

  it("forget the positions of rooms over their number, whoever makes them up", () => {
    const { histories } = setting({ maxRooms: 3 });
    const first = histories.append("room 0", "a", 10, wide);
    for (let n = 1; n <= 3; n++) histories.append(`room ${n}`, "a", 10, wide);
    for (let n = 0; n < 100; n++) histories.read(`asked ${n}`, { limit: 5 }, wide);
    expect(histories.read("room 0", { after: first }, wide)).toMatchObject({ isComplete: false, top: { offset: 0 } });
    expect(histories.bytes).toBe(0);
  });

  it("keep the positions of rooms that somebody is in, and of few others beside those", () => {
    const isInUse = (room: string) => room.startsWith("live");
    const { histories } = setting({ maxRooms: 70, isInUse });
    for (let n = 0; n < 70; n++) histories.append(`live ${n}`, "a", 1, wide);
    const first = Array.from({ length: 100 }, (_, n) => histories.append(`asked ${n}`, "a", 1, wide));
    expect(histories.bytes).toBeLessThanOrEqual(80);
    for (let n = 0; n < 70; n++) expect(histories.append(`live ${n}`, "b", 1, wide).offset).toBe(2);
    expect(histories.read("asked 0", { after: first[0] ?? { epoch: "", offset: 0 } }, wide).isComplete).toBe(false);
  });

  it("let go of what is too old, also where nobody asks for it", () => {
    const { clock, histories } = setting({});
    for (let n = 0; n < 5; n++) histories.append(`room ${n}`, "a", 10, wide);
    clock.now = 1_000;
    histories.append("another", "b", 10, wide);
    expect(histories.bytes).toBe(10);
  });
});
