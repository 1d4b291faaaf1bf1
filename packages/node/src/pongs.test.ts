import { EventEmitter } from "node:events";
import { Writable } from "node:stream";
import { expect, it } from "vitest";
import type { WebSocket } from "ws";
import { answerPings } from "./pongs.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A connection that takes what is written when the test says so, and what was written, by the call of the system. */
function connection() {
  const written: Buffer[] = [];
  const takes: (() => void)[] = [];
  const stream = new Writable({
    highWaterMark: 200,
    write: (chunk: Buffer, _encoding, done) => {
      written.push(chunk);
      takes.push(done);
    },
    writev: (chunks, done) => {
      written.push(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)));
      takes.push(done);
    },
  });
  const socket = Object.assign(new EventEmitter(), { readyState: 1, OPEN: 1 });
  answerPings(socket as unknown as WebSocket, stream as never);
  const ping = (text: string) => socket.emit("ping", Buffer.from(text));
  const take = async () => {
    takes.shift()?.();
    await turn();
  };
  return { stream, socket, written, ping, take };
}

const pong = (text: string) => Buffer.from([0x8a, text.length, ...Buffer.from(text)]);

it("answers every ping of those that come together, in one write, and before what is sent after them", async () => {
  const { stream, written, ping } = connection();
  for (const text of ["", "a", "b".repeat(125)]) ping(text);
  stream.write("close");
  expect(written).toEqual([]);
  await turn();
  expect(written).toEqual([Buffer.concat([pong(""), pong("a"), pong("b".repeat(125)), Buffer.from("close")])]);
});

it("answers the last of those alone that come while the peer takes nothing", async () => {
  const { stream, written, ping, take } = connection();
  for (let n = 0; n < 10_000; n++) ping(`${n}`.padStart(8, "0"));
  await turn();
  expect([written.length, stream.writableLength]).toEqual([1, 200]);
  await take();
  expect(written.slice(1)).toEqual([pong("00009999")]);
  await take();
  ping("after");
  await turn();
  expect(written.slice(2)).toEqual([pong("after")]);
});

it("answers nothing once the connection is being closed", async () => {
  const { socket, written, ping } = connection();
  socket.readyState = 2;
  ping("a");
  await turn();
  expect(written).toEqual([]);
});
