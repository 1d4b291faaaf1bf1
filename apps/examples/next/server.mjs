import { EventEmitter } from "node:events";
import { createServer } from "node:http";
import { makeChannelSocketServer, startRouter } from "@sente-lite/node";
import next from "next";

const channel = makeChannelSocketServer();
startRouter(channel, { "math/add": ({ data: [a, b] }) => a + b });
// Next bundles route handlers apart from this file: what they share is global.
globalThis.channel = channel;

// Where Next listens for the upgrades of its own socket. On the HTTP server itself it would see ours too, and end them
// where a catch-all route matches their path.
const others = new EventEmitter();
const app = next({ dev: process.env.NODE_ENV !== "production", dir: import.meta.dirname, httpServer: others });
await app.prepare();
const handle = app.getRequestHandler();

const http = createServer((request, response) => handle(request, response));
http.on("upgrade", (request, socket, head) => {
  if (request.url.split("?")[0] === "/chsk") channel.handleUpgrade(request, socket, head);
  else if (!others.emit("upgrade", request, socket, head)) socket.destroy();
});
http.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${http.address().port}`);
});
