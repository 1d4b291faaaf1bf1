// Our library, with its defaults.
import { makeChannelSocketClient, makeChannelSocketServer, startRouter } from "@sente-lite/node";
import { WebSocket } from "ws";

/** `push(uid, data)` goes to one user; `connections()` is how many the server believes to be open. */
export async function serve({ port = 0, ...options } = {}) {
  const server = makeChannelSocketServer({ userIdFn: ({ url }) => url.searchParams.get("uid"), ...options });
  // Lost sessions are counted where they matter; here they would only fill the terminal.
  server.errorChan.on(() => {});
  startRouter(server, { "bench/echo": ({ data }) => data });
  const listening = await server.listen({ port });
  return {
    port: listening.port,
    push: (uid, data) => server.sendFn(uid, ["bench/push", data]),
    connections: () => server.metrics().connections,
  };
}

/** `waits(ms)` is told how long the client will wait before its next attempt. */
export function connect({ host, port, uid, opened, closed, received, waits = () => {} }) {
  const client = makeChannelSocketClient(`ws://${host}:${port}/chsk`, { params: { uid } });
  client.errorChan.on(() => {});
  client.chRecv.on("bench/push", ({ data }) => received(data));
  client.state.subscribe((next, previous) => {
    if (next.open && !previous.open) opened({ resumed: next.resumed });
    if (!next.open && previous.open) closed();
    if (next.status === "backoff" && previous.status !== "backoff") waits(next.udtNextReconnect - Date.now());
  });
}

/**
 * A peer by hand, in frames of json. `opened(handshake)` comes with the first frame, which is confirmed where there is a
 * session (PROTOCOL.md section 6.1).
 */
export function connectRaw({ host, port, uid, clientId, opened }) {
  const url = `ws://${host}:${port}/chsk?client-id=${clientId}&uid=${uid}&codec=json&sente-lite=1`;
  const socket = new WebSocket(url, { perMessageDeflate: false });
  socket.on("error", () => {});
  socket.once("message", (data) => {
    const [[, handshake]] = JSON.parse(data.toString());
    if (handshake.length === 4) socket.send(ack(0));
    opened(handshake);
  });
  return socket;
}

export const ack = (frames) => JSON.stringify([["chsk/ack", frames], null]);

export function connectSlow({ host, port, uid, opened, closed }) {
  const socket = connectRaw({
    host,
    port,
    uid,
    clientId: uid,
    opened: () => {
      socket.pause();
      opened();
    },
  });
  socket.on("close", closed);
}
