// Our library, with its defaults.
import { makeChannelSocketClient, makeChannelSocketServer, startRouter } from "@sente-lite/node";
import { redisBackplane } from "@sente-lite/redis";

/** `told()`: how many losses it was told of. */
export async function serve({ redisUrl, received }) {
  const server = makeChannelSocketServer({
    userIdFn: ({ url }) => url.searchParams.get("uid"),
    rooms: { "bench/room": { joinFn: () => true, history: { size: 10_000 } } },
    ...(redisUrl === undefined ? {} : { backplane: redisBackplane({ url: redisUrl }) }),
  });
  let losses = 0;
  server.errorChan.on(({ error }) => {
    if (error.code === "session-lost") losses++;
  });
  startRouter(server, { "bench/up": ({ uid, data }) => received(uid, data) });
  const { port } = await server.listen({ port: 0 });
  return {
    port,
    push: (uid, data) => server.sendFn(uid, ["bench/down", data]),
    broadcast: (data) => server.broadcastFn(["bench/down", data]),
    post: (data) => server.sendFn({ room: "bench/room" }, ["bench/said", data]),
    users: () => server.connectedUids.get().any,
    drain: () => server.close({ drainMs: 10_000 }),
    told: () => losses,
  };
}

export function connect({ port, uid, opened, closed, received }) {
  const client = makeChannelSocketClient(`ws://127.0.0.1:${port}/chsk`, { params: { uid } });
  let losses = 0;
  // Its state tells of a loss; without a listener errors are printed.
  client.errorChan.on(() => {});
  client.chRecv.on("bench/down", ({ data }) => received(data));
  client.state.subscribe((next, previous) => {
    if (next.open && !previous.open) opened({ resumed: next.resumed });
    if (next.open && !previous.open && next.sessionLost) losses++;
    if (!next.open && previous.open) closed();
  });
  return {
    send: (n) => client.sendFn(["bench/up", n]),
    join: () =>
      new Promise((done) => {
        const room = client.room("bench/room");
        room.chRecv.on("bench/said", ({ data }) => received(data));
        room.state.subscribe(({ status }) => status === "joined" && done());
      }),
    told: () => losses,
    close: () => client.close(),
  };
}
