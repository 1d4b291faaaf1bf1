import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";

const bundle = fileURLToPath(new URL("../../../browser/dist/sente-lite.global.js", import.meta.url));

/** A page that keeps what its client got, as an application would. */
const page = `<!doctype html><title>a client</title>
<script src="/sente-lite.js"></script>
<script>
  const query = new URLSearchParams(location.search);
  // Undefined in another page, which one that is not yet there may seem to be.
  var born = Math.random();
  const [got, faults, events] = [[], [], []];
  for (const type of ["pagehide", "pageshow", "online", "offline"]) addEventListener(type, () => events.push(type));
  for (const type of ["freeze", "resume"]) document.addEventListener(type, () => events.push(type));
  // Before the client hears of it.
  addEventListener("pagehide", () => client.sendFn(["test/push-me", "in pagehide"]));
  const client = SenteLite.makeChannelSocketClient(query.get("chsk"), JSON.parse(query.get("options")));
  client.chRecv.on("test/pushed", ({ data }) => got.push(data));
  client.chRecv.on("test/direct", ({ data }) => got.push(data));
  client.errorChan.on(({ error }) => faults.push(String(error)));
</script>`;

/** Serves that page at `/`, and another anywhere else. */
export async function serveClient(): Promise<{ readonly server: Server; readonly origin: string }> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://page");
    if (pathname === "/sente-lite.js") {
      response.setHeader("content-type", "text/javascript").end(readFileSync(bundle));
    } else {
      response.setHeader("content-type", "text/html").end(pathname === "/" ? page : "<title>elsewhere</title>");
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
