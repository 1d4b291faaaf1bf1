// Socket.IO over WebSockets only, with its defaults; with recovery where the server is told so.
import { createServer } from "node:http";
import { Server } from "socket.io";
import { io } from "socket.io-client";

export async function serve({ port = 0, ...options } = {}) {
  const http = createServer();
  const server = new Server(http, { transports: ["websocket"], ...options });
  // A room for each user: what is sent to a room is what recovery keeps.
  server.on("connection", (socket) => socket.join(socket.handshake.auth.uid));
  await new Promise((listening) => http.listen(port, "127.0.0.1", listening));
  return {
    port: http.address().port,
    push: (uid, data) => server.to(uid).emit("push", data),
    connections: () => server.sockets.sockets.size,
  };
}

export function connect({ host, port, uid, opened, closed, received, waits = () => {} }) {
  const socket = io(`ws://${host}:${port}`, { transports: ["websocket"], forceNew: true, auth: { uid } });
  socket.on("connect", () => opened({ resumed: socket.recovered }));
  socket.on("disconnect", closed);
  socket.on("push", received);
  // Its manager tells nobody how long it waits.
  const { backoff } = socket.io;
  const duration = backoff.duration.bind(backoff);
  backoff.duration = () => {
    const waitMs = duration();
    waits(waitMs);
    return waitMs;
  };
  return socket;
}

export function connectSlow(options) {
  const socket = connect({
    ...options,
    received: () => {},
    opened: () => {
      // The WebSocket below the engine below the manager.
      socket.io.engine.transport.ws.pause();
      options.opened();
    },
  });
}
