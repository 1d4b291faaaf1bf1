import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { makeChannelSocketServer, startRouter } from "@sente-lite/node";
import { chatHandlers, chatOptions } from "./server/chat-server.ts";
import { serveChat } from "./server/serve-chat.ts";

// The chat on Node: an http server for the page, and the channel socket on its upgrades.

const server = makeChannelSocketServer(chatOptions);

await serveChat({
  server,
  begin: (store) => void startRouter(server, chatHandlers(server, store)),
  listen: async ({ port, hostname, page }) => {
    const http = createServer((request, response) => {
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
