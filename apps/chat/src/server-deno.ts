import { makeChannelSocketServer, startRouter } from "@sente-lite/deno";
import { chatOptions, chatSystem } from "./server/chat-server.ts";
import { serveChat } from "./server/serve-chat.ts";

// The chat on Deno: one `Deno.serve` for the page and the channel socket.

/** What we use of Deno, whose types this repository does without. */
declare const Deno: {
  serve(
    options: { readonly port: number; readonly hostname: string; readonly onListen: () => void },
    fetch: (request: Request, info: unknown) => Response | Promise<Response>,
  ): { readonly addr: { readonly port: number }; shutdown(): Promise<void> };
};

const server = makeChannelSocketServer(chatOptions);

await serveChat({
  system: (store) => chatSystem(server, startRouter, store),
  listen: ({ port, hostname, page, endpoints }) => {
    const http = Deno.serve({ port, hostname, onListen: () => {} }, (request, info) => {
      if (server.handles(request)) return server.fetch(request, info);
      const answer = endpoints.fetch(request);
      if (answer !== undefined) return answer;
      const { status, headers, body } = page(
        request.method,
        new URL(request.url).pathname,
        request.headers.get("accept-encoding"),
      );
      return new Response(body, { status, headers });
    });
    return { port: http.addr.port, stop: () => void http.shutdown() };
  },
});
