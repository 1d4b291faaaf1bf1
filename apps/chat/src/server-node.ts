import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { makeChannelSocketClient, makeChannelSocketServer, startRouter } from "@sente-lite/node";
import type { ChatServerOptions } from "./server/chat-types.ts";
import { serveChat } from "./server/serve-chat.ts";

// The chat on Node: an http server for the page, and the channel socket on its upgrades.

await serveChat({
  makeServer: (options: ChatServerOptions) => makeChannelSocketServer(options),
  makeClient: makeChannelSocketClient,
  startRouter,
  listen: async (server, { port, hostname, page, endpoints }) => {
    const http = createServer((request, response) => {
      if (endpoints.node(request, response)) return;
      const accepts = request.headers["accept-encoding"]?.toString();
      const { status, headers, body } = page(request.method, request.url, { accepts, host: request.headers.host });
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
