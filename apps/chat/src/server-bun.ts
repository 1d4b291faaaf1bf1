import { makeChannelSocketClient, makeChannelSocketServer, startRouter } from "@sente-lite/bun";
import type { ChatServerOptions } from "./server/chat-types.ts";
import { serveChat } from "./server/serve-chat.ts";
import { webAnswers } from "./server/web-answers.ts";

// The chat on Bun: one `Bun.serve` for the page and the channel socket.

/** What we use of Bun, whose types this repository does without. */
declare const Bun: {
  serve(options: {
    readonly port: number;
    readonly hostname: string;
    readonly fetch: (request: Request, bunServer: unknown) => Response | Promise<Response | undefined>;
    readonly websocket: unknown;
  }): { readonly port: number; stop(closeConnections: boolean): unknown };
};

await serveChat({
  makeServer: (options: ChatServerOptions) => makeChannelSocketServer(options),
  makeClient: makeChannelSocketClient,
  startRouter,
  listen: (server, serving) => {
    const { port, hostname } = serving;
    const answers = webAnswers(serving);
    const http = Bun.serve({
      port,
      hostname,
      fetch: (request, bunServer) => (server.handles(request) ? server.fetch(request, bunServer) : answers(request)),
      websocket: server.websocket,
    });
    return { port: http.port, stop: () => void http.stop(true) };
  },
});
