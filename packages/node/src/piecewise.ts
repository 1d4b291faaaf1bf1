import type { Duplex } from "node:stream";
import type { Timer } from "@sente-lite/engine";
import type { WebSocket } from "ws";
import { host } from "./runs-on.ts";
import { limitUnfinished } from "./unfinished.ts";

/** A chunk begins with a piece of so many bytes; each next one is as long as all before it. */
const FIRST_BYTES = 2_048;
/** What one peer may take of a turn of the loop before its reading waits for the next, in milliseconds. */
const TURN_MS = 0.25;

/**
 * Has ws read what comes in pieces, and no more of it in a turn of the loop than leaves others theirs. Left to itself it
 * takes each chunk of 64 KiB to its end, and up to 32 of them in a row: thousands of small frames, also when it was told
 * after the first to pause, and fragments, of which the engine hears nothing.
 *
 * The stream stays ws's in all else: it is paused and resumed as ws does that, and what waits here comes before what waits
 * in the stream. Where somebody else listens to its data as well, all is left as it is.
 */
export function readPiecewise(webSocket: WebSocket, stream: Duplex, maxPayloadBytes: number): void {
  const [read, ...others] = stream.listeners("data") as ((this: Duplex, chunk: Buffer) => void)[];
  if (read === undefined || others.length > 0) return;
  let rest: Buffer | undefined;
  /** What it has taken of this turn, or of several in which that was not much. */
  let takenMs = 0;
  let nextTurn: Timer | undefined;
  const mayRead = limitUnfinished(webSocket, maxPayloadBytes);
  const give = (piece: Buffer) => {
    if (mayRead(piece.length)) read.call(stream, piece);
  };

  const waitForTurn = () => {
    stream.pause();
    nextTurn = host.setTimer(0, () => {
      nextTurn = undefined;
      takenMs = 0;
      // Else it is resumed later, by whoever paused it.
      if (!webSocket.isPaused) webSocket.resume();
    });
  };
  const goOn = () => {
    if (nextTurn !== undefined) stream.pause();
    let taken = 0;
    while (rest !== undefined && !stream.isPaused()) {
      const piece = rest.subarray(0, Math.max(FIRST_BYTES, taken));
      taken += piece.length;
      rest = piece.length < rest.length ? rest.subarray(piece.length) : undefined;
      const begun = performance.now();
      give(piece);
      takenMs += performance.now() - begun;
      if (takenMs >= TURN_MS) waitForTurn();
    }
  };
  const take = (chunk: Buffer) => {
    if (rest === undefined && chunk.length <= FIRST_BYTES) {
      give(chunk);
      return;
    }
    // A stream may bring more before it says that it is resumed.
    rest = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    goOn();
  };
  const stop = () => {
    stream.off("data", take);
    stream.off("resume", goOn);
    if (nextTurn !== undefined) host.clearTimer(nextTurn);
    rest = undefined;
  };
  stream.off("data", read);
  stream.on("data", take);
  stream.on("resume", goOn);
  // After a fault ws reads no more.
  webSocket.once("error", stop);
  // The end comes also while the stream is paused, where its last chunk has been given out; after it nothing may be read.
  for (const end of ["end", "close"]) {
    stream.prependOnceListener(end, () => {
      if (rest !== undefined) give(rest);
      stop();
    });
  }
}
