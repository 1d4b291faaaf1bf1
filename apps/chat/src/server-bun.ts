import { makeChannelSocketServer, startRouter } from "@sente-lite/bun";
import { chatOptions, chatSystem } from "./server/chat-server.ts";
import { serveChat } from "./server/serve-chat.ts";

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

const server = makeChannelSocketServer(chatOptions);

await serveChat({
  system: (store) => chatSystem(server, startRouter, store),
  listen: ({ port, hostname, page, endpoints }) => {
    const http = Bun.serve({
      port,
      hostname,
      fetch: (request, bunServer) => {
        if (server.handles(request)) return server.fetch(request, bunServer);
        const answer = endpoints.fetch(request);
        if (answer !== undefined) return answer;
        const { status, headers, body } = page(
          request.method,
          new URL(request.url).pathname,
          request.headers.get("accept-encoding"),
        );
        return new Response(body, { status, headers });
      },
      websocket: server.websocket,
    });
    return { port: http.port, stop: () => void http.stop(true) };
  },
});
