import { makeChannelSocketServer, startRouter } from "@sente-lite/deno";
import { Hono } from "hono";

const channel = makeChannelSocketServer({ path: "/chsk" });
startRouter(channel, { "math/add": ({ data: [a, b] }) => a + b });

const app = new Hono();
app.get("/hello", (c) => c.text("hello from Hono"));
// A route that pushes: what is posted reaches every client.
app.post("/notices", async (c) => c.json(channel.broadcastFn(["notice/new", { text: await c.req.text() }])));
// c.env is what Deno says of the connection.
app.get("/chsk", (c) => channel.fetch(c.req.raw, c.env));

const onListen = ({ port }) => console.log(`listening on http://127.0.0.1:${port}`);
Deno.serve({ port: Number(Deno.env.get("PORT") ?? 3000), hostname: "127.0.0.1", onListen }, app.fetch);
