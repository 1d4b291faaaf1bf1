// On Node: another service, which asks for prices and hears of changes. It connects again by itself.
import { makeChannelSocketClient } from "@sente-lite/node";

const { PRICES_URL = "ws://127.0.0.1:3000/chsk", TOKEN } = process.env;

const client = makeChannelSocketClient(PRICES_URL, {
  clientId: "shop",
  headers: { authorization: `Bearer ${TOKEN}` },
});
client.chRecv.on("price/changed", ({ data }) => console.log(`${data.item} now costs ${data.price}`));

// Rejects where the server refuses us.
await client.ready();
console.log(`tea costs ${await client.requestFn(["price/get", "tea"])}`);
