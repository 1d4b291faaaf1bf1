import { makeChannelSocketServer, startRouter } from "@sente-lite/node";
import express from "express";

const channel = makeChannelSocketServer();
startRouter(channel, { "math/add": ({ data: [a, b] }) => a + b });

const app = express();
app.get("/hello", (_request, response) => response.send("hello from Express"));
// A route that pushes: what is posted reaches every client.
app.post("/notices", express.text(), (request, response) => {
  response.json(channel.broadcastFn(["notice/new", { text: request.body }]));
});

const http = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", (error) => {
  if (error) throw error;
  console.log(`listening on http://127.0.0.1:${http.address().port}`);
});
channel.attach(http, { path: "/chsk" });
