// Prints the React example as Vite renders it on a server where every global of a page throws when it is asked for.
import { fileURLToPath } from "node:url";
import { createServer } from "vite";

const page = ["window", "self", "document", "location", "WebSocket", "localStorage", "addEventListener"];

const vite = await createServer({
  root: fileURLToPath(new URL("../react", import.meta.url)),
  appType: "custom",
  esbuild: { jsx: "automatic" },
  logLevel: "error",
  optimizeDeps: { noDiscovery: true },
  server: { middlewareMode: true, ws: false },
});
for (const name of page) {
  Object.defineProperty(globalThis, name, {
    get: () => {
      throw new Error(`${name} was touched`);
    },
  });
}
const { render } = await vite.ssrLoadModule("/src/entry-server.tsx");
console.log(render());
await vite.close();
