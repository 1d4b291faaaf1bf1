// Whether Bun's native topics beat a loop for a broadcast, in microseconds of the server's CPU for a delivery:
//   node tooling/bench/bun-broadcast.mjs
// The server is this file under Bun, the 1,000 clients are this process; the two ways take turns.
import { fork } from "node:child_process";
import { once } from "node:events";

const CLIENTS = 1_000;
const ROUNDS = 7;
const BROADCASTS = 30;
const text = JSON.stringify([[["bench/item", { n: 1, text: "x".repeat(60) }]], null]);

function serve() {
  const sockets = new Set();
  const server = globalThis.Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request, bun) => (bun.upgrade(request) ? undefined : new Response("no", { status: 400 })),
    websocket: {
      open: (socket) => {
        sockets.add(socket);
        socket.subscribe("all");
      },
      message: () => {},
    },
  });
  process.on("message", async (way) => {
    const before = process.cpuUsage();
    for (let i = 0; i < BROADCASTS; i++) {
      if (way === "topic") server.publish("all", text);
      else for (const socket of sockets) socket.send(text);
      // Of one turn our engine makes one frame anyway: what is compared is a broadcast in each turn.
      await new Promise((turn) => setTimeout(turn, 5));
    }
    setTimeout(() => {
      const { user, system } = process.cpuUsage(before);
      process.send({ cost: (user + system) / (BROADCASTS * CLIENTS) });
    }, 300);
  });
  process.on("disconnect", () => process.exit());
  process.send({ port: server.port });
}

async function measure() {
  const { WebSocket } = await import("ws");
  const { runtimePath } = await import("../scripts/runtimes.mjs");
  const child = fork(new URL(import.meta.url).pathname, [], { execPath: runtimePath("bun"), serialization: "json" });
  const [{ port }] = await once(child, "message");
  for (let i = 0; i < CLIENTS; i++) await once(new WebSocket(`ws://127.0.0.1:${port}`), "open");
  const costs = { topic: [], loop: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const way of Object.keys(costs)) {
      child.send(way);
      const [{ cost }] = await once(child, "message");
      if (round > 0) costs[way].push(cost);
    }
  }
  const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
  const [topic, loop] = [median(costs.topic), median(costs.loop)];
  console.log(
    `topic ${topic.toFixed(2)} µs, loop ${loop.toFixed(2)} µs for a delivery, topic/loop ${(topic / loop).toFixed(2)}`,
  );
  child.disconnect();
  process.exit();
}

if (globalThis.Bun === undefined) await measure();
else serve();
