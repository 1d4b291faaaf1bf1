// node apps/scittle/serve.mjs [--port 3100] [--chat 3000]: serves the page, and hands its channel socket to a chat there.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values: args } = parseArgs({
  options: { port: { type: "string", default: "3100" }, chat: { type: "string", default: "3000" } },
});
const root = new URL("../../", import.meta.url);
const html = "text/html; charset=utf-8";
const script = "text/javascript; charset=utf-8";
const files = {
  "/": ["apps/scittle/index.html", html],
  "/sente-lite.global.js": ["packages/browser/dist/sente-lite.global.js", script],
  "/scittle.js": ["node_modules/scittle/dist/scittle.js", script],
  "/sente_lite/values.cljs": ["packages/cljs/src/sente_lite/values.cljs", script],
  "/sente_lite/peer.cljs": ["packages/cljs/src/sente_lite/peer.cljs", script],
  "/sente_lite/client.cljs": ["packages/cljs/src/sente_lite/client.cljs", script],
  "/chat/talk.cljs": ["apps/nbb/src/chat/talk.cljs", script],
};

const server = createServer((request, response) => {
  const [path] = (request.url ?? "/").split("?");
  const [file, type] = files[path] ?? [];
  if (file === undefined) response.writeHead(404).end();
  else response.writeHead(200, { "content-type": type }).end(readFileSync(fileURLToPath(new URL(file, root))));
});

// The page's own host is this one; the chat sees the request as it came.
server.on("upgrade", (request, near, head) => {
  const far = connect(Number(args.chat), "127.0.0.1", () => {
    const headers = [];
    for (let i = 0; i < request.rawHeaders.length; i += 2) {
      headers.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}\r\n`);
    }
    far.write(`${request.method} ${request.url} HTTP/1.1\r\n${headers.join("")}\r\n`);
    far.write(head);
    near.pipe(far).pipe(near);
  });
  for (const [socket, other] of [
    [near, far],
    [far, near],
  ]) {
    socket.on("error", () => other.destroy());
    socket.on("close", () => other.destroy());
  }
});

server.listen(Number(args.port), "127.0.0.1", () => {
  console.log(`scittle: http://127.0.0.1:${server.address().port}/`);
});
