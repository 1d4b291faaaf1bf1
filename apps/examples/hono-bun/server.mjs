import { makeChannelSocketServer, startRouter } from "@sente-lite/bun";
import { Hono } from "hono";

const channel = makeChannelSocketServer({ path: "/chsk" });
startRouter(channel, { "math/add": ({ data: [a, b] }) => a + b });

const app = new Hono();
app.get("/hello", (c) => c.text("hello from Hono"));
// A route that pushes: what is posted reaches every client.
app.post("/notices", async (c) => c.json(channel.broadcastFn(["notice/new", { text: await c.req.text() }])));
// c.env is Bun's server. Once upgraded there is no response, and Hono wants one.
app.get("/chsk", async (c) => (await channel.fetch(c.req.raw, c.env)) ?? c.body(null));

const http = Bun.serve({
  port: process.env.PORT ?? 3000,
  hostname: "127.0.0.1",
  fetch: app.fetch,
  websocket: channel.websocket,
});
console.log(`listening on http://127.0.0.1:${http.port}`);
