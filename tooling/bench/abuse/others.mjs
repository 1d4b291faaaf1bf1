// The 99 others of abuse.mjs: they know nothing of ours either.
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { WebSocket } from "ws";

const OTHERS = 99;
const EVERY_MS = 100;

/** Connects them to a server. */
export async function connectOthers(port) {
  const sockets = [];
  for (let i = 0; i < OTHERS; i++) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/chsk?client-id=c${i}`, { perMessageDeflate: false });
    await once(socket, "message");
    socket.once("close", (code) => console.error(`one of the others was closed: ${code}`));
    sockets.push(socket);
  }
  return sockets;
}

/**
 * What each answer took in so many seconds, in milliseconds: each of them asks every 100 ms. Who waits for one asks no other
 * meanwhile; who still waits at the end is counted with its wait so far, and `late` resolves once its answer has come.
 */
export async function roundTrips(sockets, seconds) {
  const taken = [];
  const late = [];
  const end = performance.now() + seconds * 1_000;
  const isOver = wait(seconds * 1_000);
  await Promise.all(
    sockets.map(async (socket, i) => {
      await wait((i * EVERY_MS) / sockets.length);
      for (let n = 0; performance.now() < end; n++) {
        const begun = performance.now();
        socket.send(JSON.stringify([["bench/echo", n], `r${n}`]));
        const answer = once(socket, "message");
        await Promise.race([answer, isOver]);
        const took = performance.now() - begun;
        taken.push(took);
        late.push(answer);
        await wait(Math.max(0, Math.min(EVERY_MS - took, end - performance.now())));
      }
    }),
  );
  return { taken, late: Promise.all(late) };
}

/** The processor time of a server for one echo, in microseconds, where each asks as often, and faster than a calm client. */
export async function costOfEcho({ usage, sockets }, each) {
  const before = await usage();
  await Promise.all(
    sockets.map(async (socket) => {
      for (let n = 0; n < each; n++) {
        socket.send(JSON.stringify([["bench/echo", n], `r${n}`]));
        await once(socket, "message");
      }
    }),
  );
  return ((await usage()) - before) / (sockets.length * each);
}
