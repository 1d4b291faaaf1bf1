import { makeChannelSocketServer, startRouter } from "@sente-lite/deno";

const channel = makeChannelSocketServer({ path: "/chsk" });
startRouter(channel, { "math/add": ({ data: [a, b] }) => a + b });

async function answer(request, info) {
  if (channel.handles(request)) return channel.fetch(request, info);
  const { pathname } = new URL(request.url);
  if (pathname === "/hello") return new Response("hello from Deno");
  // A route that pushes: what is posted reaches every client.
  if (pathname === "/notices" && request.method === "POST")
    return Response.json(channel.broadcastFn(["notice/new", { text: await request.text() }]));
  // A WebSocket of the application's own.
  if (pathname === "/echo" && request.headers.get("upgrade") === "websocket") {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onmessage = ({ data }) => socket.send(data);
    return response;
  }
  return new Response("nothing here", { status: 404 });
}

const onListen = ({ port }) => console.log(`listening on http://127.0.0.1:${port}`);
Deno.serve({ port: Number(Deno.env.get("PORT") ?? 3000), hostname: "127.0.0.1", onListen }, answer);
