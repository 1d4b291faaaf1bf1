import { makeChannelSocketClient, makeChannelSocketServer, startRouter } from "@sente-lite/deno";
import type { ChatServerOptions } from "./server/chat-types.ts";
import { serveChat } from "./server/serve-chat.ts";
import { webAnswers } from "./server/web-answers.ts";

// The chat on Deno: one `Deno.serve` for the page and the channel socket.

/** What we use of Deno, whose types this repository does without. */
declare const Deno: {
  serve(
    options: { readonly port: number; readonly hostname: string; readonly onListen: () => void },
    fetch: (request: Request, info: unknown) => Response | Promise<Response>,
  ): { readonly addr: { readonly port: number }; shutdown(): Promise<void> };
};

await serveChat({
  makeServer: (options: ChatServerOptions) => makeChannelSocketServer(options),
  makeClient: makeChannelSocketClient,
  startRouter,
  listen: (server, serving) => {
    const { port, hostname } = serving;
    const answers = webAnswers(serving);
    const http = Deno.serve({ port, hostname, onListen: () => {} }, (request, info) =>
      server.handles(request) ? server.fetch(request, info) : answers(request),
    );
    return { port: http.addr.port, stop: () => void http.shutdown() };
  },
});
