// Connections over which nothing passes any more, though nobody closed them: how long until either side notices?
import { connect, createServer } from "node:net";
import { now, sleep, until } from "../clock.mjs";
import { hostOf } from "../network.mjs";
import { start } from "../processes.mjs";
import { percentile, round } from "../statistics.mjs";

// Spread over a while, so that each connection is at another place between two pings.
export const full = { clients: 50, spreadMs: 25_000, withinMs: 60_000 };
export const quick = { clients: 10, spreadMs: 2_000, withinMs: 25_000 };
/** All libraries at once: they only wait. */
export const isParallel = true;

/** A timer and a look at the clock come a little late. */
const NOTICE_MAX_MS = 20_000 + 100;

export async function server(library) {
  const { port, connections } = await library.serve();
  return {
    ready: { port },
    watch: async ({ clients, darkAt, withinMs }) => {
      const noticed = [];
      await until(
        () => {
          while (noticed.length < clients - connections()) noticed.push(now() - darkAt);
          return noticed.length === clients;
        },
        withinMs,
        10,
      );
      return noticed;
    },
  };
}

export async function load(library, { port, clients, spreadMs }) {
  const closedAt = [];
  const open = (index) =>
    new Promise((opened) => {
      library.connect({
        host: hostOf(index),
        port,
        uid: `user-${index}`,
        opened,
        closed: () => {
          closedAt[index] ??= now();
        },
        received: () => {},
      });
    });
  const opening = [];
  for (let index = 0; index < clients; index++) {
    opening.push(open(index));
    await sleep(spreadMs / clients);
  }
  await Promise.all(opening);
  return {
    ready: {},
    watch: async ({ darkAt, withinMs }) => {
      const findNoticed = () => closedAt.filter((at) => at !== undefined);
      await until(() => findNoticed().length === clients, withinMs);
      return findNoticed().map((at) => at - darkAt);
    },
  };
}

/** Passes bytes on until it is told not to: then it neither passes nor closes anything, and takes whoever calls. */
export async function proxy(_library, { port }) {
  const sockets = new Set();
  let isDark = false;
  const server = createServer({ allowHalfOpen: true }, (near) => {
    near.on("error", () => {});
    sockets.add(near);
    if (isDark) return;
    const far = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    far.on("error", () => {});
    sockets.add(far);
    near.pipe(far);
    far.pipe(near);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    ready: { port: server.address().port },
    darken: () => {
      isDark = true;
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
      }
      return now();
    },
  };
}

export async function run(name, params) {
  const serving = await start("server", "halfopen", name);
  const between = await start("proxy", "halfopen", name, { port: serving.port });
  const loading = await start("load", "halfopen", name, { ...params, port: between.port });
  const darkAt = await between.ask("darken");
  const watched = { darkAt, clients: params.clients, withinMs: params.withinMs };
  const [server, client] = await Promise.all([serving.ask("watch", watched), loading.ask("watch", watched)]);
  await Promise.all([loading.kill(), between.kill(), serving.kill()]);
  return { clients: params.clients, withinMs: params.withinMs, server: times(server), client: times(client) };
}

const times = (noticed) => ({
  noticed: noticed.length,
  medianMs: round(percentile(noticed, 0.5), 0),
  maxMs: round(percentile(noticed, 1), 0),
});

export function checks({ ours }) {
  if (ours === undefined) return [];
  return ["server", "client"].map((side) => ({
    what: `the ${side} notices every dead connection within 20 s`,
    isMet: ours[side].noticed === ours.clients && ours[side].maxMs <= NOTICE_MAX_MS,
  }));
}
