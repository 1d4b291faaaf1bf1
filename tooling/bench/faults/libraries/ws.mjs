// Bare ws, with the loop that one writes around it: try again after a second.
import { WebSocket, WebSocketServer } from "ws";

const RETRY_MS = 1_000;

export async function serve({ port = 0 } = {}) {
  const server = new WebSocketServer({ port, host: "127.0.0.1" });
  const users = new Map();
  server.on("connection", (socket, request) => {
    const uid = new URL(request.url, "http://localhost").searchParams.get("uid");
    users.set(uid, socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      if (users.get(uid) === socket) users.delete(uid);
    });
  });
  await new Promise((listening) => server.once("listening", listening));
  return {
    port: server.address().port,
    push: (uid, data) => users.get(uid)?.send(JSON.stringify(data)),
    connections: () => server.clients.size,
  };
}

export function connect({ host, port, uid, opened, closed, received, waits = () => {} }) {
  const attempt = () => {
    const socket = new WebSocket(`ws://${host}:${port}/?uid=${uid}`);
    let isOpen = false;
    socket.on("open", () => {
      isOpen = true;
      opened({ resumed: false });
    });
    socket.on("message", (data) => received(JSON.parse(data.toString())));
    socket.on("error", () => {});
    socket.on("close", () => {
      if (isOpen) closed();
      waits(RETRY_MS);
      setTimeout(attempt, RETRY_MS);
    });
  };
  attempt();
}

export function connectSlow({ host, port, uid, opened, closed }) {
  const socket = new WebSocket(`ws://${host}:${port}/?uid=${uid}`);
  socket.on("error", () => {});
  socket.on("close", closed);
  socket.on("open", () => {
    socket.pause();
    opened();
  });
}
