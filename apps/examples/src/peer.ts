import { once } from "node:events";
import { type ChannelSocketClient, makeChannelSocketClient } from "@sente-lite/node";
import { WebSocket } from "ws";

const clients = new Set<ChannelSocketClient>();

/** A client of an example's channel socket. */
export function clientOf(address: string): ChannelSocketClient {
  const client = makeChannelSocketClient(`${address.replace("http", "ws")}/chsk`);
  clients.add(client);
  return client;
}

export function closeClients(): void {
  for (const client of clients) client.close();
  clients.clear();
}

/** The data of the next event with that id. */
export function nextEvent(client: ChannelSocketClient, id: string): Promise<unknown> {
  return new Promise((resolve) => client.chRecv.once(id, ({ data }) => resolve(data)));
}

/** Posts a notice to an example's own route; resolves to its answer. */
export async function post(address: string, text: string): Promise<unknown> {
  const response = await fetch(`${address}/notices`, {
    method: "POST",
    body: text,
    headers: { "content-type": "text/plain" },
  });
  return response.json();
}

export async function textAt(url: string): Promise<string> {
  return (await fetch(url)).text();
}

/** Opens a WebSocket that is none of ours; resolves to the HTTP status where it is refused. */
export async function openSocket(url: string): Promise<WebSocket | number> {
  const socket = new WebSocket(url.replace("http", "ws"));
  const refused = new Promise<number>((resolve, reject) => {
    socket.on("unexpected-response", (request, response) => {
      request.destroy();
      resolve(response.statusCode ?? 0);
    });
    socket.on("error", reject);
  });
  return Promise.race([once(socket, "open").then(() => socket), refused]);
}
