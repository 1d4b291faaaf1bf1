// On Bun: keeps prices, and tells the services that are connected when one changes.
import { makeChannelSocketServer, startRouter } from "@sente-lite/bun";

const { PORT = 3000, TOKEN } = process.env;
if (!TOKEN) throw new Error("TOKEN is what a service must know to connect");
const prices = new Map([["tea", 3]]);

const channel = makeChannelSocketServer({
  authorizedFn: ({ headers }) => headers.get("authorization") === `Bearer ${TOKEN}`,
});
startRouter(channel, { "price/get": ({ data: item }) => prices.get(item) });

const http = Bun.serve({
  port: PORT,
  hostname: "127.0.0.1",
  routes: {
    "/prices/:item": {
      PUT: async (request) => {
        const price = Number(await request.text());
        prices.set(request.params.item, price);
        return Response.json(channel.broadcastFn(["price/changed", { item: request.params.item, price }]));
      },
    },
  },
  fetch: channel.fetch,
  websocket: channel.websocket,
});
console.log(`listening on http://127.0.0.1:${http.port}`);
