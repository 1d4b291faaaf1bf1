// What stands before the servers of a demo: it gives each connection to one of them, and has the page's buttons done.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";

/** So long a client that wants to move does not come back to where it was. */
const AVOID_MS = 10_000;

/**
 * @typedef {object} Node
 * @property {string} name
 * @property {string} runtime
 * @property {"starting" | "up" | "draining" | "down"} state
 * @property {number} port
 *
 * @typedef {object} Nodes
 * @property {() => readonly Node[]} list
 * @property {(name: string) => boolean} restart Ends it as a deploy does.
 * @property {(name: string) => boolean} kill
 */

/**
 * Listens, and sends each connection to the server with the fewest that is up. `GET /demo` gives a token that pages of other
 * origins cannot read, `GET /demo/nodes` says how the servers are, and with the token `POST /demo/restart/TOKEN/NODE`,
 * `/demo/kill/TOKEN/NODE` and `/demo/move/TOKEN/CLIENT` do it.
 * @param {Nodes} nodes
 * @param {{ readonly port: number, readonly host: string }} where
 */
export async function startBalancer(nodes, { port, host }) {
  const token = randomBytes(16).toString("hex");
  /** The sockets of each client, and where they lead. */
  const clients = new Map();
  /** Where clients who want to move come from. */
  const leaving = new Map();
  const counts = new Map();

  const choose = (client) => {
    const up = nodes.list().filter(({ state }) => state === "up");
    const others = up.filter(({ name }) => name !== leaving.get(client));
    return (others.length > 0 ? others : up).toSorted((a, b) => countOf(a) - countOf(b))[0];
  };
  const countOf = ({ name }) => counts.get(name) ?? 0;

  const actions = {
    restart: nodes.restart,
    kill: nodes.kill,
    move: (client) => {
      const at = clients.get(client);
      if (at === undefined) return false;
      leaving.set(client, at.name);
      // An attempt may fail, and the next one should not lead back.
      setTimeout(() => leaving.get(client) === at.name && leaving.delete(client), AVOID_MS).unref();
      at.socket.destroy();
      return true;
    },
  };

  /** The answer to a request of the page's buttons; undefined where it is none. */
  const answer = ({ method, url, headers }) => {
    const [, demo, what, given, name, ...rest] = (url ?? "").split("/");
    if (demo !== "demo" || rest.length > 0) return undefined;
    // Else a page could give our address a name of its own, and would be of our origin.
    if (!isOurs(headers.host, host)) return { status: 403 };
    if (method === "GET" && what === undefined) return { status: 200, body: token };
    if (method === "GET" && what === "nodes" && given === undefined) {
      const told = nodes.list().map((node) => ({ ...node, port: undefined, connections: countOf(node) }));
      return { status: 200, body: JSON.stringify(told), type: "application/json" };
    }
    const isKnown = method === "POST" && given === token && name !== undefined && Object.hasOwn(actions, what);
    return { status: isKnown && actions[what](name) ? 202 : 404 };
  };

  const server = http.createServer((request, response) => {
    const own = answer(request);
    if (own !== undefined) {
      const { status, body, type = "text/plain" } = own;
      response.writeHead(status, {
        "content-type": type,
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
      });
      response.end(body);
      return;
    }
    const node = choose();
    if (node === undefined) return void response.writeHead(503, { "retry-after": "1" }).end("No server is up.\n");
    const { method, url: path, headers } = request;
    const asked = http.request({ host: "127.0.0.1", port: node.port, method, path, headers }, (from) => {
      response.writeHead(from.statusCode ?? 502, from.headers);
      from.pipe(response);
    });
    asked.on("error", () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
    request.pipe(asked);
  });

  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => {});
    const client = new URLSearchParams((request.url ?? "").split("?")[1]).get("client-id") ?? "";
    const node = choose(client);
    if (node === undefined) return void socket.end("HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\n\r\n");
    const upstream = net.connect({ host: "127.0.0.1", port: node.port, noDelay: true });
    upstream.on("error", () => {});
    const lines = [`${request.method} ${request.url} HTTP/1.1`];
    for (let at = 0; at < request.rawHeaders.length; at += 2) {
      lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
    }
    upstream.write(`${lines.join("\r\n")}\r\n\r\n`);
    upstream.write(head);
    socket.pipe(upstream).pipe(socket);
    const entry = { name: node.name, socket };
    clients.set(client, entry);
    counts.set(node.name, countOf(node) + 1);
    socket.once("close", () => {
      counts.set(node.name, countOf(node) - 1);
      if (clients.get(client) === entry) clients.delete(client);
      upstream.destroy();
    });
    upstream.once("close", () => socket.destroy());
  });

  await once(server.listen(port, host), "listening");
  return { port: server.address().port, close: () => server.close() };
}

/** Is that the name of this machine, or the one that it was told to listen at? */
function isOurs(given, host) {
  const name = (given ?? "").replace(/:\d+$/, "");
  return ["localhost", "127.0.0.1", "[::1]", host, `[${host}]`].includes(name);
}
