import { makeChannelSocketServer, startRouter } from "@sente-lite/node";
import Fastify from "fastify";

const channel = makeChannelSocketServer();
startRouter(channel, { "math/add": ({ data: [a, b] }) => a + b });

const app = Fastify();
app.get("/hello", async () => "hello from Fastify");
// A route that pushes: what is posted reaches every client.
app.post("/notices", async ({ body }) => channel.broadcastFn(["notice/new", { text: body }]));
app.addHook("preClose", channel.close);

channel.attach(app.server, { path: "/chsk" });
const address = await app.listen({ port: Number(process.env.PORT ?? 3000), host: "127.0.0.1" });
console.log(`listening on ${address}`);
