import { readFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { join } from "node:path";
import { makeChannelSocketServer } from "@sente-lite/node";
import { createServer as createViteServer } from "vite";

const root = import.meta.dirname;
const http = createHttpServer();
const channel = makeChannelSocketServer();
channel.attach(http, { path: "/chsk" });

// Vite as middleware, with its own socket on the same port.
const vite = await createViteServer({
  root,
  appType: "custom",
  esbuild: { jsx: "automatic" },
  server: { middlewareMode: true, hmr: { server: http } },
});
vite.middlewares.use("/sockets", (_request, response) => response.end(String(channel.metrics().connectionsTotal)));
vite.middlewares.use(async ({ originalUrl }, response, next) => {
  try {
    const page = await vite.transformIndexHtml(originalUrl, await readFile(join(root, "index.html"), "utf8"));
    const { render } = await vite.ssrLoadModule("/src/entry-server.tsx");
    response.setHeader("content-type", "text/html; charset=utf-8").end(page.replace("<!--app-->", render()));
  } catch (error) {
    next(error);
  }
});

http.on("request", vite.middlewares);
http.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${http.address().port}`);
});
