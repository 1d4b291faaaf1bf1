// The servers of bytes.mjs, and the codecs that both ends have. As a process: tells its parent the ports.
import { fileURLToPath } from "node:url";
import { namedCodecs } from "../../packages/conformance/dist/codecs.js";

// json has no bytes.
export const codecs = namedCodecs.filter(({ name }) => name !== "json");
export const server = fileURLToPath(import.meta.url);

if (process.send !== undefined && process.argv[1] === server) {
  const { createServer } = await import("node:http");
  const { once } = await import("node:events");
  const { Server } = await import("socket.io");
  const { WebSocketServer } = await import("ws");
  const { makeChannelSocketServer, startRouter } = await import("../../packages/node/dist/index.js");

  const bare = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  bare.on("connection", (socket) =>
    socket.on("message", (data, isBinary) => {
      if (isBinary) return socket.send(data);
      const bytes = Buffer.from(JSON.parse(data.toString()).data, "base64");
      socket.send(JSON.stringify({ data: bytes.toString("base64") }));
    }),
  );
  await once(bare, "listening");

  const http = createServer().listen(0, "127.0.0.1");
  await once(http, "listening");
  new Server(http).on("connection", (socket) => socket.on("echo", (data, answer) => answer(data)));

  const ours = makeChannelSocketServer({ codecs });
  startRouter(ours, { "bench/echo": ({ data }) => data });
  const { port } = await ours.listen();
  process.send({
    "bare ws": bare.address().port,
    "bare ws, base64 in JSON": bare.address().port,
    "Socket.IO": http.address().port,
    ours: port,
  });
}
