import { makeChannelSocketServer, startRouter } from "@sente-lite/bun";

const channel = makeChannelSocketServer({ path: "/chsk" });
startRouter(channel, { "math/add": ({ data: [a, b] }) => a + b });

const http = Bun.serve({
  port: process.env.PORT ?? 3000,
  hostname: "127.0.0.1",
  routes: {
    "/hello": new Response("hello from Bun"),
    // A route that pushes: what is posted reaches every client.
    "/notices": {
      POST: async (request) => Response.json(channel.broadcastFn(["notice/new", { text: await request.text() }])),
    },
  },
  fetch: (request, bun) => {
    if (channel.handles(request)) return channel.fetch(request, bun);
    // A WebSocket of the application's own, whose messages go to the handlers below.
    if (new URL(request.url).pathname === "/echo" && bun.upgrade(request)) return undefined;
    return new Response("nothing here", { status: 404 });
  },
  websocket: channel.websocketWith({ message: (socket, text) => socket.send(text) }),
});
console.log(`listening on http://127.0.0.1:${http.port}`);
