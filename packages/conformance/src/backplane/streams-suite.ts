import type { StreamRead, Streams } from "@sente-lite/protocol/backplane";
import { describe, expect, it } from "vitest";
import { bytesOf, textOf } from "./heard.ts";
import type { Stage, StagedNode } from "./stage.ts";

const bounds = { size: 100, ttlMs: 60_000 };

export function streamsOf({ membership }: StagedNode): Streams {
  if (membership.streams === undefined) throw new Error("this driver has no streams");
  return membership.streams;
}

const shown = ({ entries, isComplete, top }: StreamRead) => ({
  entries: entries.map(({ offset, bytes }) => `${offset} ${textOf(bytes)}`),
  isComplete,
  top: top.offset,
});

/** Streams, of a driver that has them. */
export function streamsSuite(stageOf: () => Stage): void {
  describe("streams", () => {
    async function filled(count: number, size = bounds.size) {
      const { a } = await stageOf().joinAll("a");
      const streams = streamsOf(a);
      const positions = [];
      for (let n = 1; n <= count; n++) {
        positions.push(await streams.append("tea", bytesOf(`e${n}`), { ...bounds, size }));
      }
      return { streams, positions };
    }

    it("have one order with successive offsets, whoever appends", async () => {
      const { a, b } = await stageOf().joinAll("a", "b");
      const [atA, atB] = [streamsOf(a), streamsOf(b)];
      const texts = Array.from({ length: 20 }, (_, index) => `${index}`);
      const positions = await Promise.all(
        texts.flatMap((text) => [
          atA.append("tea", bytesOf(`a${text}`), bounds),
          atB.append("tea", bytesOf(`b${text}`), bounds),
        ]),
      );
      const offsets = positions.map(({ offset }) => offset).toSorted((one, other) => one - other);
      expect(offsets).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
      expect(new Set(positions.map(({ epoch }) => epoch)).size).toBe(1);
      const read = await atA.read("tea", { limit: 100 }, bounds);
      expect(read.entries.map(({ offset }) => offset)).toEqual(offsets);
      expect(await atB.read("tea", { limit: 100 }, bounds)).toEqual(read);
      expect(read.top).toEqual({ epoch: positions[0]?.epoch, offset: 40 });
    });

    it("are read after a position, part by part", async () => {
      const { streams, positions } = await filled(5);
      const [first, , third, , last] = positions;
      if (first === undefined || third === undefined || last === undefined) throw new Error("nothing was appended");
      const after = async (position: typeof first, limit: number) =>
        shown(await streams.read("tea", { after: position, limit }, bounds));
      expect(await after(first, 2)).toEqual({ entries: ["2 e2", "3 e3"], isComplete: true, top: 5 });
      expect(await after(third, 10)).toEqual({ entries: ["4 e4", "5 e5"], isComplete: true, top: 5 });
      expect(await after({ ...first, offset: 0 }, 1)).toEqual({ entries: ["1 e1"], isComplete: true, top: 5 });
      expect(await after(last, 10)).toEqual({ entries: [], isComplete: true, top: 5 });
      expect(await after(third, 0)).toEqual({ entries: [], isComplete: true, top: 5 });
      expect(await after({ ...last, offset: 6 }, 10)).toEqual({ entries: [], isComplete: false, top: 5 });
      expect(await after({ ...last, epoch: "another" }, 10)).toEqual({ entries: [], isComplete: false, top: 5 });
    });

    it("are read from the end, and before an offset", async () => {
      const { streams } = await filled(5);
      const last = async (limit: number, before?: number) =>
        shown(await streams.read("tea", { limit, before }, bounds));
      expect(await last(2)).toEqual({ entries: ["4 e4", "5 e5"], isComplete: false, top: 5 });
      expect(await last(2, 4)).toEqual({ entries: ["2 e2", "3 e3"], isComplete: false, top: 5 });
      expect(await last(2, 3)).toEqual({ entries: ["1 e1", "2 e2"], isComplete: true, top: 5 });
      expect(await last(10, 1)).toEqual({ entries: [], isComplete: true, top: 5 });
      expect(await last(10)).toMatchObject({ isComplete: true });
      expect(await last(0)).toEqual({ entries: [], isComplete: false, top: 5 });
    });

    it("keep so many entries, and say where something is missing", async () => {
      const { streams, positions } = await filled(5, 3);
      const [first, second] = positions;
      if (first === undefined || second === undefined) throw new Error("nothing was appended");
      const all = await streams.read("tea", { limit: 10 }, { ...bounds, size: 3 });
      expect(shown(all)).toEqual({ entries: ["3 e3", "4 e4", "5 e5"], isComplete: true, top: 5 });
      const gap = await streams.read("tea", { after: first, limit: 10 }, { ...bounds, size: 3 });
      expect(shown(gap)).toEqual({ entries: [], isComplete: false, top: 5 });
      const whole = await streams.read("tea", { after: second, limit: 10 }, { ...bounds, size: 3 });
      expect(shown(whole)).toEqual({ entries: ["3 e3", "4 e4", "5 e5"], isComplete: true, top: 5 });
    });

    it("have an epoch before their first entry, and are apart from each other", async () => {
      const { a, b } = await stageOf().joinAll("a", "b");
      const empty = await streamsOf(a).read("tea", { limit: 10 }, bounds);
      expect(shown(empty)).toEqual({ entries: [], isComplete: true, top: 0 });
      const position = await streamsOf(b).append("tea", bytesOf("first"), bounds);
      expect(position).toEqual({ epoch: empty.top.epoch, offset: 1 });
      const since = await streamsOf(a).read("tea", { after: empty.top, limit: 10 }, bounds);
      expect(shown(since)).toEqual({ entries: ["1 first"], isComplete: true, top: 1 });
      expect(shown(await streamsOf(a).read("te", { limit: 10 }, bounds))).toMatchObject({ entries: [], top: 0 });
    });

    it("let go of what is too old", async () => {
      const { streams, positions } = await filled(1);
      const [first] = positions;
      if (first === undefined) throw new Error("nothing was appended");
      const short = { size: 100, ttlMs: 1 };
      // However long a round trip takes, one comes after a millisecond.
      let read = await streams.read("tea", { limit: 10 }, short);
      while (read.entries.length > 0) read = await streams.read("tea", { limit: 10 }, short);
      expect(read.isComplete).toBe(true);
      const next = await streams.append("tea", bytesOf("next"), short);
      const after = await streams.read("tea", { after: { ...first, offset: 0 }, limit: 10 }, short);
      expect(after).toMatchObject({ entries: [], isComplete: false, top: next });
    });
  });
}
