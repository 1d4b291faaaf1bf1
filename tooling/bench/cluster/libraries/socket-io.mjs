// Socket.IO over WebSockets only, with its defaults but for the adapter, and recovery where that adapter knows it.
import { once } from "node:events";
import { createServer } from "node:http";
import { createShardedAdapter } from "@socket.io/redis-adapter";
import { createAdapter as createStreamsAdapter } from "@socket.io/redis-streams-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";
import { io } from "socket.io-client";

async function adapterOf(adapter, url) {
  const client = createClient({ url });
  client.on("error", () => {});
  await client.connect();
  if (adapter === "streams") return createStreamsAdapter(client);
  const subscriber = client.duplicate();
  subscriber.on("error", () => {});
  await subscriber.connect();
  return createShardedAdapter(client, subscriber);
}

export async function serve({ redisUrl, adapter, isRecovering = false, received }) {
  const http = createServer();
  const server = new Server(http, {
    transports: ["websocket"],
    adapter: await adapterOf(adapter, redisUrl),
    // As its documentation has it: two minutes, like our sessions.
    ...(isRecovering ? { connectionStateRecovery: {} } : {}),
  });
  server.on("connection", (socket) => {
    const { uid } = socket.handshake.auth;
    socket.join(uid);
    socket.on("up", (n) => received(uid, n));
    socket.on("join", async (done) => {
      await socket.join("room");
      done?.();
    });
  });
  await once(http.listen(0, "127.0.0.1"), "listening");
  return {
    port: http.address().port,
    push: (uid, data) => server.to(uid).emit("down", data),
    broadcast: (data) => server.emit("down", data),
    post: (data) => server.to("room").emit("down", data),
    users: async () => new Set((await server.fetchSockets()).map(({ handshake }) => handshake.auth.uid)),
    drain: () => server.close(),
    told: () => 0,
  };
}

export function connect({ port, uid, opened, closed, received }) {
  let isInRoom = false;
  const socket = io(`ws://127.0.0.1:${port}`, { transports: ["websocket"], forceNew: true, auth: { uid } });
  socket.on("connect", () => {
    // Its rooms are the server's: without recovery an application has to join again.
    if (isInRoom && !socket.recovered) socket.emit("join");
    opened({ resumed: socket.recovered });
  });
  socket.on("disconnect", (reason) => {
    closed();
    // "the disconnection was initiated by the server": an application has to connect anew by itself.
    if (reason === "io server disconnect") socket.connect();
  });
  socket.on("down", received);
  return {
    send: (n) => socket.emit("up", n),
    join: async () => {
      isInRoom = true;
      if (socket.connected) await socket.emitWithAck("join");
    },
    told: () => 0,
    close: () => socket.close(),
  };
}
