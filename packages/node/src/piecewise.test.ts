import { EventEmitter } from "node:events";
import { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { WebSocket } from "ws";
import { readPiecewise } from "./piecewise.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Random, and the same in every run. */
function randomly(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

let now = 0;
beforeEach(() => {
  now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now);
});
afterEach(() => void vi.restoreAllMocks());

/** A stream whose data a stand-in for ws reads, each byte of which takes so long, in milliseconds. */
function reading(msPerByte: number, onRead: (socket: WebSocket) => void = () => {}) {
  const stream = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
  const pieces: Buffer[] = [];
  const socket = Object.assign(new EventEmitter(), {
    isPaused: false,
    pause() {
      this.isPaused = true;
      stream.pause();
    },
    resume() {
      this.isPaused = false;
      stream.resume();
    },
  }) as unknown as WebSocket;
  stream.on("data", (piece: Buffer) => {
    pieces.push(piece);
    now += piece.length * msPerByte;
    onRead(socket);
  });
  readPiecewise(socket, stream, Number.POSITIVE_INFINITY);
  return { stream, socket, pieces, lengths: () => pieces.map(({ length }) => length) };
}

describe("what ws is given to read", () => {
  it("is what came, in pieces that grow, as long as they take little", async () => {
    const { stream, lengths } = reading(0);
    stream.push(Buffer.alloc(2_048));
    stream.push(Buffer.alloc(65_536));
    await turn();
    expect(lengths()).toEqual([2_048, 2_048, 2_048, 4_096, 8_192, 16_384, 32_768]);
  });

  it("is no more in a turn of the loop than takes a quarter of a millisecond, and the rest in the next ones", async () => {
    const { stream, lengths } = reading(0.1 / 2_048);
    stream.push(Buffer.alloc(16_384));
    const perTurn: number[] = [];
    for (let before = -1; before < lengths().length; await turn()) {
      before = lengths().length;
      perTurn.push(before);
    }
    expect(lengths()).toEqual([2_048, 2_048, 4_096, 2_048, 2_048, 4_096]);
    // Nothing in the turn in which it came: a stream begins to flow in the next.
    expect(perTurn).toEqual([0, 3, 6]);
  });

  it("is nothing while ws is paused, and what waited when that ends", async () => {
    const { stream, socket, lengths } = reading(0, (paused) => paused.pause());
    stream.push(Buffer.alloc(5_000));
    for (let i = 0; i < 5; i++) await turn();
    expect(lengths()).toEqual([2_048]);
    socket.resume();
    for (let i = 0; i < 5; i++) await turn();
    expect(lengths()).toEqual([2_048, 2_048]);
    socket.resume();
    await turn();
    expect(lengths()).toEqual([2_048, 2_048, 904]);
  });

  it("waits for the next turn also where ws was paused and resumed meanwhile", async () => {
    const { stream, socket, lengths } = reading(1);
    stream.push(Buffer.alloc(10_000));
    await turn();
    expect(lengths()).toEqual([2_048]);
    socket.pause();
    socket.resume();
    await Promise.resolve();
    process.nextTick(() => {});
    expect(lengths()).toEqual([2_048]);
    for (let i = 0; i < 10; i++) await turn();
    expect(lengths()).toEqual([2_048, 2_048, 2_048, 2_048, 1_808]);
  });

  it("is all of what came, in its order, however it is paused, and before the end", async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = randomly(seed);
      const { stream, pieces } = reading(0.000_05, (socket) => {
        if (random(3) > 0) return;
        socket.pause();
        setImmediate(() => socket.resume());
      });
      const sent = Array.from({ length: 30 }, () => Buffer.alloc(random(20_000) + 1, random(256)));
      let hasEnded = false;
      stream.on("end", () => {
        hasEnded = true;
      });
      for (const chunk of sent) {
        stream.push(chunk);
        if (random(2) === 0) await turn();
      }
      stream.push(null);
      while (!hasEnded) await turn();
      expect(Buffer.concat(pieces).equals(Buffer.concat(sent))).toBe(true);
    }
  });

  it("is the rest at once where the connection is reset, and nothing after a fault", async () => {
    for (const fault of [false, true]) {
      const { stream, socket, pieces } = reading(1);
      socket.on("error", () => {});
      stream.on("error", () => {});
      stream.push(Buffer.alloc(10_000));
      await turn();
      expect(pieces).toHaveLength(1);
      if (fault) socket.emit("error", new Error("a fault"));
      stream.destroy();
      await turn();
      expect(Buffer.concat(pieces)).toHaveLength(fault ? 2_048 : 10_000);
    }
  });

  it("is left to itself where others listen, too", async () => {
    const stream = new Duplex({ read: () => {} });
    const lengths: number[] = [];
    for (let i = 0; i < 2; i++) stream.on("data", ({ length }: Buffer) => lengths.push(length));
    readPiecewise(new EventEmitter() as unknown as WebSocket, stream, Number.POSITIVE_INFINITY);
    stream.push(Buffer.alloc(10_000));
    await turn();
    expect(lengths).toEqual([10_000, 10_000]);
  });
});
