import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { makeChannelSocketServer, startRouter } from "@sente-lite/node";
import { chatOptions, chatSystem } from "./server/chat-server.ts";
import { serveChat } from "./server/serve-chat.ts";

// The chat on Node: an http server for the page, and the channel socket on its upgrades.

const server = makeChannelSocketServer(chatOptions);

await serveChat({
  system: (store) => chatSystem(server, startRouter, store),
  listen: async ({ port, hostname, page, endpoints }) => {
    const http = createServer((request, response) => {
      if (endpoints.node(request, response)) return;
      const { status, headers, body } = page(
        request.method,
        request.url,
        request.headers["accept-encoding"]?.toString(),
      );
      response.writeHead(status, headers).end(body ?? undefined);
    });
    server.attach(http, { path: "/chsk" });
    await new Promise<void>((resolve, reject) => http.once("error", reject).listen(port, hostname, resolve));
    const stop = () => {
      http.close();
      http.closeAllConnections();
    };
    return { port: (http.address() as AddressInfo).port, stop };
  },
});
