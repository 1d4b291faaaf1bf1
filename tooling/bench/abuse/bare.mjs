// What the server of a runtime alone does under the same floods, on the runtime that runs this file and is named: it answers the
// echoes of the others, and reads and drops what the flooder sends. No limits, no codec, no session. Prints its port.
import process from "node:process";

const [runtime] = process.argv.slice(2);
const hostname = "127.0.0.1";
const isFlooder = (url) => url.includes("client-id=flood");

/** The reply to [["bench/echo", n], "r1"]. */
function answer(text) {
  const [[, data], cbId] = JSON.parse(text);
  return JSON.stringify([data, cbId]);
}

const servers = {
  async node() {
    const { WebSocketServer } = await import("ws");
    const server = new WebSocketServer({ port: 0, host: hostname, perMessageDeflate: false, clientTracking: false });
    await new Promise((listening) => server.once("listening", listening));
    server.on("connection", (socket, { url }) => {
      socket.on("error", () => {});
      if (isFlooder(url)) socket.on("message", () => {});
      else socket.on("message", (data) => socket.send(answer(data.toString())));
      socket.send("hello");
    });
    return server.address().port;
  },

  bun() {
    const server = Bun.serve({
      port: 0,
      hostname,
      fetch: (request, upgrader) => void upgrader.upgrade(request, { data: isFlooder(request.url) }),
      websocket: {
        open: (socket) => void socket.send("hello"),
        message: (socket, text) => {
          if (!socket.data) socket.send(answer(text));
        },
        ping: () => {},
      },
    });
    return server.port;
  },

  deno() {
    const server = Deno.serve({ port: 0, hostname, onListen: () => {} }, (request) => {
      const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
      socket.onopen = () => socket.send("hello");
      socket.onmessage = isFlooder(request.url) ? () => {} : ({ data }) => socket.send(answer(data));
      socket.onerror = () => {};
      return response;
    });
    return server.addr.port;
  },
};

const port = await servers[runtime]();
process.stdout.write(`${JSON.stringify({ port })}\n`);
process.stdin.resume().on("end", () => process.exit());
