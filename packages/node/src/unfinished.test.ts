import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import { limitUnfinished, UNFINISHED } from "./unfinished.ts";

const MAX_BYTES = 1_048_576;
const PONG_BYTES = 6 + 125;

/** A stand-in for ws: what a chunk is made of is told as ws would tell it. */
function reading(maxPayloadBytes = MAX_BYTES) {
  const socket = new EventEmitter() as unknown as WebSocket;
  const errors: unknown[] = [];
  socket.on("error", (error) => errors.push((error as NodeJS.ErrnoException).code));
  const note = limitUnfinished(socket, maxPayloadBytes);
  const pong = () => socket.emit("pong", Buffer.alloc(125));
  return {
    errors,
    /** A chunk of so many bytes of a message, then so many pongs; `ends`: the message ends before them. */
    chunk: (bytes: number, pongs: number, ends = false) => {
      note(bytes + pongs * PONG_BYTES);
      if (ends) socket.emit("message", Buffer.alloc(0), true);
      for (let i = 0; i < pongs; i++) pong();
    },
  };
}

describe("a message that is not whole", () => {
  it("is a fault, told once, where more came than two messages take, most of it control frames between its fragments", () => {
    const { errors, chunk } = reading();
    // What comes in one chunk with the end of a message is no credit for the next.
    chunk(100, 500, true);
    let chunks = 0;
    while (errors.length === 0 && chunks < 1_000) {
      chunk(7, 500);
      chunks++;
    }
    expect(errors).toEqual([UNFINISHED]);
    expect(chunks * 500 * PONG_BYTES).toBeLessThan(2.5 * MAX_BYTES);
    for (let i = 0; i < 100; i++) chunk(7, 500);
    expect(errors).toEqual([UNFINISHED]);
  });

  it("is no fault for as long as it takes no more, nor where it has ended, however much comes of it and between", () => {
    const { errors, chunk } = reading();
    for (let n = 0; n < 200; n++) {
      for (let i = 0; i < 16; i++) chunk(65_536, 10);
      chunk(100, 100, true);
    }
    expect(errors).toEqual([]);
  });

  it("is none where control frames alone come, behind a message, in parts, for ever", () => {
    const { errors, chunk } = reading();
    chunk(1_000, 300, true);
    // The last one comes in two parts each time.
    for (let i = 0; i < 1_000; i++) chunk(i % 2 === 0 ? 60 : -60, 500);
    expect(errors).toEqual([]);
  });

  it("is bounded by nothing where messages are", () => {
    const { errors, chunk } = reading(Number.POSITIVE_INFINITY);
    for (let i = 0; i < 1_000; i++) chunk(7, 500);
    expect(errors).toEqual([]);
  });
});
