// The servers that server-cost.mjs compares, each in a process of its own: node servers.mjs NAME.
// Prints its port; answers the parent's "cpu" with the microseconds of CPU that it has used.
import { WebSocketServer } from "ws";

const servers = {
  async ws() {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
    await new Promise((listening) => server.once("listening", listening));
    server.on("connection", (socket) => {
      socket.on("message", (data) => {
        const { id, n, text } = JSON.parse(data.toString());
        if (id === "echo") socket.send(JSON.stringify({ id, n, text }));
        else {
          const pushed = Buffer.from(JSON.stringify({ id: "item", n, text }));
          for (const client of server.clients) client.send(pushed, { binary: false });
        }
      });
    });
    return server.address().port;
  },

  async ours() {
    const { makeChannelSocketServer, startRouter } = await import("@sente-lite/node/core");
    const { json } = await import("@sente-lite/node/json");
    const server = makeChannelSocketServer({ codecs: [json] });
    startRouter(server, {
      "bench/echo": ({ data }) => data,
      "bench/broadcast": ({ data }) => void server.broadcastFn(["bench/item", data]),
    });
    return (await server.listen()).port;
  },

  /** As `ours`, but over a system of three processes: the socket, a router, and the one that echoes. */
  async flow() {
    const { makeChannelSocketServer, startRouter } = await import("@sente-lite/node/core");
    const { json } = await import("@sente-lite/node/json");
    const { buildSystem, channelSocketServer, defineProcess, router } = await import("@sente-lite/flow");
    const server = makeChannelSocketServer({ codecs: [json] });
    const system = buildSystem({
      processes: {
        echo: defineProcess({
          ports: { out: ["reply"] },
          transform: (_, { data }) => ({ outputs: [{ type: "reply", value: data }] }),
        }),
        router: router({ "bench/echo": "echo" }),
        socket: channelSocketServer(server, startRouter),
      },
      connections: [
        [
          ["socket", "out"],
          ["router", "in"],
        ],
        [
          ["router", "echo"],
          ["echo", "in"],
        ],
        [
          ["echo", "reply"],
          ["socket", "reply"],
        ],
      ],
    });
    await system.start();
    return (await server.listen()).port;
  },
};

const port = await servers[process.argv[2]]();
process.send({ port });
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send({ cpu: user + system, rss: process.memoryUsage.rss() });
});
process.on("disconnect", () => process.exit());
