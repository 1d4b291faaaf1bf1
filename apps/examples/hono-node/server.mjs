import { serve } from "@hono/node-server";
import { makeChannelSocketServer, startRouter } from "@sente-lite/node";
import { Hono } from "hono";

const channel = makeChannelSocketServer();
startRouter(channel, { "math/add": ({ data: [a, b] }) => a + b });

const app = new Hono();
app.get("/hello", (c) => c.text("hello from Hono"));
// A route that pushes: what is posted reaches every client.
app.post("/notices", async (c) => c.json(channel.broadcastFn(["notice/new", { text: await c.req.text() }])));

const options = { fetch: app.fetch, port: Number(process.env.PORT ?? 3000), hostname: "127.0.0.1" };
const http = serve(options, ({ port }) => console.log(`listening on http://127.0.0.1:${port}`));
channel.attach(http, { path: "/chsk" });
