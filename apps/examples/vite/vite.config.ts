import { makeChannelSocketServer, startRouter } from "@sente-lite/node";
import { defineConfig, type Plugin } from "vite";

/** The channel socket on the port of Vite's dev server, beside the socket over which Vite updates pages. */
function channelSocket(): Plugin {
  return {
    name: "channel-socket",
    configureServer({ httpServer, middlewares }) {
      if (httpServer === null) throw new Error("in middleware mode the HTTP server is yours: attach to that");
      const channel = makeChannelSocketServer();
      startRouter(channel, {
        "math/add": ({ data }) => (data as number[]).reduce((a, b) => a + b),
      });
      channel.attach(httpServer, { path: "/chsk" });
      httpServer.once("close", channel.close);

      middlewares.use("/hello", (_request, response) => response.end("hello from Vite"));
      // A route that pushes: what is posted reaches every client.
      middlewares.use("/notices", async (request, response) => {
        const text = Buffer.concat(await request.toArray()).toString();
        response.end(JSON.stringify(channel.broadcastFn(["notice/new", { text }])));
      });
    },
  };
}

export default defineConfig({
  plugins: [channelSocket()],
  server: { host: "127.0.0.1", port: Number(process.env.PORT ?? 5173) },
});
