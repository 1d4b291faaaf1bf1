// pnpm bench:bytes [--write]: how long 300 KB of bytes take to a server and back, by codec, beside Socket.IO and bare ws, in
// turn. Client and server are processes of their own, on Node. Build first (pnpm build).
// --write puts the table into docs/codecs.md.
import { fork } from "node:child_process";
import { once } from "node:events";
import { io } from "socket.io-client";
import { WebSocket } from "ws";
import { makeChannelSocketClient } from "../../packages/node/dist/index.js";
import { codecs, server } from "./bytes-server.mjs";
import { machine } from "./faults/machine.mjs";
import { writeBetweenMarkers } from "./markers.mjs";

const BYTES = 300_000;
const ROUNDS = 15;
const ECHOES = 10;

const bytes = Uint8Array.from({ length: BYTES }, (_, i) => (Math.imul(i + 1, 2_654_435_761) >>> 13) & 255);

const clients = {
  "bare ws": async (port) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    await once(socket, "open");
    return async () => {
      const answered = once(socket, "message");
      socket.send(bytes);
      return (await answered)[0];
    };
  },
  "bare ws, base64 in JSON": async (port) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    await once(socket, "open");
    return async () => {
      const answered = once(socket, "message");
      socket.send(JSON.stringify({ data: Buffer.from(bytes.buffer).toString("base64") }));
      return Buffer.from(JSON.parse((await answered)[0].toString()).data, "base64");
    };
  },
  "Socket.IO": async (port) => {
    const socket = io(`http://127.0.0.1:${port}`, { transports: ["websocket"] });
    await new Promise((resolve) => socket.once("connect", resolve));
    return () => socket.emitWithAck("echo", bytes);
  },
};
for (const codec of codecs) {
  clients[codec.name] = async (port) => {
    const client = makeChannelSocketClient(`ws://127.0.0.1:${port}/chsk`, { codec });
    await client.ready();
    return () => client.requestFn(["bench/echo", bytes]);
  };
}

const child = fork(server, { stdio: "inherit" });
const [ports] = await once(child, "message");
const echoes = {};
for (const [name, connect] of Object.entries(clients)) {
  echoes[name] = await connect(ports[name] ?? ports.ours);
  const back = await echoes[name]();
  if (Buffer.compare(Buffer.from(back), bytes) !== 0) throw new Error(`${name} brought other bytes back`);
}
const best = Object.fromEntries(Object.keys(echoes).map((name) => [name, Number.POSITIVE_INFINITY]));
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, echo] of Object.entries(echoes)) {
    const start = performance.now();
    for (let i = 0; i < ECHOES; i++) await echo();
    best[name] = Math.min(best[name], (performance.now() - start) / ECHOES);
  }
}
child.kill();

const ratio = (name) => (best[name] / best["Socket.IO"]).toFixed(1);
const table = [
  `| ${BYTES / 1_000} KB there and back | ms | times Socket.IO's |`,
  "|---|---|---|",
  ...Object.entries(best).map(([name, ms]) => `| ${name} | ${ms.toFixed(1)} | ${ratio(name)} |`),
  "",
  `The best of ${ROUNDS} rounds, in turn. ${machine}.`,
].join("\n");
console.log(table);
if (process.argv.includes("--write")) writeBetweenMarkers("docs/codecs.md", "bench:bytes", table);
process.exit();
