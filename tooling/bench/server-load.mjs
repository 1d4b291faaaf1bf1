// The load on the servers of servers.mjs, and what it costs them.
import { fork } from "node:child_process";
import { once } from "node:events";
import { WebSocket } from "ws";

const text = "x".repeat(60);

/** How each kind of server is spoken to. */
const wire = {
  ws: {
    url: (port) => `ws://127.0.0.1:${port}/`,
    echo: (n) => JSON.stringify({ id: "echo", n, text }),
    broadcast: (n) => JSON.stringify({ id: "broadcast", n, text }),
    first: false,
  },
  ours: {
    url: (port, i) => `ws://127.0.0.1:${port}/chsk?client-id=c${i}`,
    echo: (n) => JSON.stringify([["bench/echo", { n, text }], `r${n}`]),
    broadcast: (n) => JSON.stringify([["bench/broadcast", { n, text }], null]),
    first: true,
  },
};
wire.flow = wire.ours;

/** Starts a server of servers.mjs in a process of its own, and connects to it. */
export async function start(name, connections) {
  const child = fork(new URL("./servers.mjs", import.meta.url), [name]);
  const [{ port }] = await once(child, "message");
  const sockets = [];
  for (let i = 0; i < connections; i++) {
    const socket = new WebSocket(wire[name].url(port, i), { perMessageDeflate: false });
    await once(socket, wire[name].first ? "message" : "open");
    sockets.push(socket);
  }
  const usage = async () => {
    child.send("usage");
    const [{ cpu, rss }] = await once(child, "message");
    return { cpu, rss };
  };
  return { name, child, sockets, usage };
}

/** Sends `each` requests on each socket, one after the reply to the other. */
export async function echo({ name, sockets, usage }, each) {
  const { cpu: before } = await usage();
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise((done) => {
          let n = 0;
          socket.on("message", function next() {
            if (++n === each) {
              socket.off("message", next);
              done();
            } else socket.send(wire[name].echo(n));
          });
          socket.send(wire[name].echo(0));
        }),
    ),
  );
  return ((await usage()).cpu - before) / (sockets.length * each);
}

/** One socket asks for `count` broadcasts, one after the other has reached everybody. */
export async function fanOut({ name, sockets, usage }, count) {
  const { cpu: before } = await usage();
  for (let n = 0; n < count; n++) {
    const arrived = Promise.all(sockets.map((socket) => new Promise((got) => socket.once("message", got))));
    sockets[0].send(wire[name].broadcast(n));
    await arrived;
  }
  return ((await usage()).cpu - before) / (sockets.length * count);
}

/** Lets go of a server. */
export function stop({ child, sockets }) {
  for (const socket of sockets) socket.terminate();
  child.disconnect();
}

/**
 * The medians of what `measure` says of each server, in rounds in which the servers take turns, so that noise hits all.
 */
export async function compare(names, connections, rounds, measure) {
  const running = [];
  for (const name of names) running.push(await start(name, connections));
  for (const server of running) await measure(server);
  const costs = new Map(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const server of running) costs.get(server.name).push(await measure(server));
  }
  running.forEach(stop);
  return names.map((name) => median(costs.get(name)));
}

export const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
