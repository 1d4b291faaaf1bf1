// pnpm bench:compression [--write]: what permessage-deflate costs a server and what it saves, on Node and Bun: the memory of
// a connection, the processor's time, and the bytes on the wire, on and off in turn. Build first (pnpm build).
// --write puts the table into docs/compression.md.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { WebSocket } from "ws";
import { runtimePath } from "../scripts/runtimes.mjs";
import { machine } from "./faults/machine.mjs";
import { writeBetweenMarkers } from "./markers.mjs";

const CONNECTIONS = 500;
const PUSHES = 40;
const ECHOES = 20;
const ROUNDS = 3;
const ECHO = Array.from(
  { length: 40 },
  (_, i) => `{"id":${i},"name":"Name ${i}","email":"person${i}@example.com"}`,
).join();
const flags = { node: ["--expose-gc"], bun: [] };

/** A server in a process of its own, and the way to ask it. */
async function startServer(runtime, compression) {
  const args = [...flags[runtime], `${import.meta.dirname}/compression-server.mjs`, runtime, compression];
  const child = spawn(runtimePath(runtime), args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value);
  const { port } = await next();
  const ask = (command) => {
    child.stdin.write(`${command}\n`);
    return next();
  };
  const stop = async () => {
    child.stdin.end();
    await once(child, "close");
  };
  return { port, ask, stop };
}

/** Connects one after the other; each resolves once it was greeted. */
async function connectAll(port) {
  const sockets = [];
  for (let i = 0; i < CONNECTIONS; i++) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/chsk?client-id=c${i}&codec=json`, {
      perMessageDeflate: { threshold: 1_024, clientNoContextTakeover: true, serverNoContextTakeover: true },
    });
    await once(socket, "message");
    sockets.push(socket);
  }
  return sockets;
}

/** Resolves once each socket has got so many messages more. */
const waitForFrames = (sockets, count) =>
  Promise.all(
    sockets.map(
      (socket) =>
        new Promise((resolve) => {
          let left = count;
          const hear = () => {
            left--;
            if (left > 0) return;
            socket.off("message", hear);
            resolve();
          };
          socket.on("message", hear);
        }),
    ),
  );
const bytesRead = (sockets) => sockets.reduce((sum, { _socket }) => sum + _socket.bytesRead, 0);

async function measure(runtime, compression) {
  const { port, ask, stop } = await startServer(runtime, compression);
  const empty = await ask("usage");
  const sockets = await connectAll(port);
  const open = await ask("usage");

  const beforePush = bytesRead(sockets);
  const pushed = waitForFrames(sockets, PUSHES);
  await ask(`push ${PUSHES}`);
  await pushed;
  const afterPush = await ask("usage");
  const pushedBytes = bytesRead(sockets) - beforePush;

  for (let n = 0; n < ECHOES; n++) {
    const echoed = waitForFrames(sockets, 1);
    for (const socket of sockets) socket.send(`[["bench/echo",[${ECHO}]],"e${n}"]`);
    await echoed;
  }
  const afterEcho = await ask("usage");
  for (const socket of sockets) socket.terminate();
  await stop();
  return {
    idleBytes: (open.residentBytes - empty.residentBytes) / CONNECTIONS,
    usedBytes: (afterEcho.residentBytes - empty.residentBytes) / CONNECTIONS,
    pushMicros: (afterPush.cpuMicros - open.cpuMicros) / (PUSHES * CONNECTIONS),
    echoMicros: (afterEcho.cpuMicros - afterPush.cpuMicros) / (ECHOES * CONNECTIONS),
    pushedBytes: pushedBytes / (PUSHES * CONNECTIONS),
  };
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const medians = (runs) =>
  Object.fromEntries(Object.keys(runs[0]).map((key) => [key, median(runs.map((run) => run[key]))]));

const rows = [];
for (const runtime of ["node", "bun"]) {
  const runs = { off: [], on: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const compression of round % 2 === 0 ? ["off", "on"] : ["on", "off"]) {
      runs[compression].push(await measure(runtime, compression));
      console.error(runtime, compression, JSON.stringify(runs[compression].at(-1)));
    }
  }
  for (const compression of ["off", "on"]) rows.push({ runtime, compression, ...medians(runs[compression]) });
}

const kilobytes = (bytes) => `${bytes < 10_240 ? (bytes / 1_024).toFixed(1) : Math.round(bytes / 1_024)} KB`;
const micros = (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)} µs`;
const names = { node: "Node", bun: "Bun" };
const table = [
  `| | memory of a connection, idle | after traffic | a push of ${kilobytes(rows[0].pushedBytes)} to one of them | an echo of ${kilobytes(ECHO.length)} | on the wire, per push |`,
  "|---|---|---|---|---|---|",
  ...rows.map(
    ({ runtime, compression, ...row }) =>
      `| ${names[runtime]}, ${compression} | ${kilobytes(row.idleBytes)} | ${kilobytes(row.usedBytes)} | ${micros(row.pushMicros)} | ${micros(row.echoMicros)} | ${Math.round(row.pushedBytes)} bytes |`,
  ),
  "",
  `${CONNECTIONS} connections from one process, the median of ${ROUNDS} runs, on and off in turn; processor time is the server's. ${machine}.`,
].join("\n");
console.log(table);
if (process.argv.includes("--write")) writeBetweenMarkers("docs/compression.md", "bench:compression", table);
