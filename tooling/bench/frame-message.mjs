// What a frame costs that packages/node/src/frame-message.ts writes, beside two ways of ws, in the same run, each the best of so many:
//   node tooling/bench/frame-message.mjs [rounds]
// Framing alone: beside Sender.frame of ws, its parts joined to one buffer. And a broadcast over loopback to receivers in
// another process: framed once and written in one buffer; by Sender.frame once, its parts written together; by send of ws,
// for each receiver anew. What counts is the processor time of this process. Above 1, ws's way takes longer.
import { fork } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { Sender, WebSocket } from "ws";
import { load } from "../scripts/bundle.mjs";

const RECEIVERS = 100;
const SLICE_MS = 40;
const self = fileURLToPath(import.meta.url);

if (process.send !== undefined && process.argv[1] === self) {
  const server = createServer((socket) => socket.on("error", () => {}).resume());
  await once(server.listen(0, "127.0.0.1"), "listening");
  process.send(server.address().port);
  process.once("disconnect", () => process.exit());
} else {
  await measure(Number(process.argv[2] ?? 15));
}

async function measure(rounds) {
  const { frameMessage } = await load("packages/node/src/frame-message.ts");
  const receiver = fork(self);
  const [port] = await once(receiver, "message");
  const streams = await Promise.all(
    Array.from({ length: RECEIVERS }, async () => {
      const stream = connect({ port, host: "127.0.0.1", noDelay: true });
      await once(stream, "connect");
      return stream;
    }),
  );
  const sockets = streams.map((stream) => {
    const socket = new WebSocket(null, undefined, {});
    const limits = { maxPayload: 0, allowSynchronousEvents: true, skipUTF8Validation: false };
    socket.setSocket(stream, Buffer.alloc(0), limits);
    return socket;
  });
  // As a server of ws frames a text: final, not masked, not compressed.
  const partsOf = (text) => Sender.frame(Buffer.from(text), { fin: true, rsv1: false, opcode: 1, mask: false });

  const framings = {
    ours: (text) => frameMessage(text),
    "Sender.frame, joined": (text) => Buffer.concat(partsOf(text)),
  };
  const broadcasts = {
    ours: (text) => {
      for (const stream of streams) stream.write(frameMessage(text));
    },
    "Sender.frame once, in parts": (text) => {
      const parts = partsOf(text);
      for (const stream of streams) {
        stream.cork();
        for (const part of parts) stream.write(part);
        stream.uncork();
      }
    },
    "send of ws for each": (text) => {
      for (const socket of sockets) socket.send(text);
    },
  };
  const taken = async () => {
    while (streams.some(({ writableLength }) => writableLength > 0)) await new Promise(setImmediate);
  };
  await compare("framing", framings, rounds, undefined);
  await compare(`broadcast to ${RECEIVERS}`, broadcasts, rounds, taken);
  for (const socket of sockets) socket.terminate();
  receiver.disconnect();
}

async function compare(title, ways, rounds, taken) {
  for (const bytes of [60, 1_000, 100_000]) {
    // Each another one: `frameMessage` keeps the last.
    const texts = Array.from({ length: 64 }, (_, i) => String(i).padEnd(bytes, "x"));
    const best = Object.fromEntries(Object.keys(ways).map((name) => [name, Number.POSITIVE_INFINITY]));
    // The first round warms up.
    for (let round = 0; round <= rounds; round++) {
      for (const [name, send] of Object.entries(ways)) {
        const us = await timeOf(send, texts, taken);
        if (round > 0) best[name] = Math.min(best[name], us);
      }
    }
    const { ours, ...others } = best;
    const ratios = Object.entries(others).map(([name, us]) => `${name} ${(us / ours).toFixed(2)}`);
    console.log(`${title}, ${bytes} bytes: ours ${ours.toFixed(2)} us; ${ratios.join(", ")}`);
  }
}

/** Microseconds of processor time for one message. */
async function timeOf(send, texts, taken) {
  const before = process.cpuUsage();
  const end = performance.now() + SLICE_MS;
  let count = 0;
  while (performance.now() < end) {
    send(texts[count++ % texts.length]);
    // The streams take each message before the next, as where messages come one by one.
    if (taken !== undefined) await taken();
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}
