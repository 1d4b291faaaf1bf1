import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { asksForWebSocket, BAD_REQUEST, NOTHING_HERE, pathOf } from "@sente-lite/engine";
import { UsageError } from "@sente-lite/protocol";
import { showValue } from "@sente-lite/protocol/options";
import { refuse } from "./refuse.ts";
import { urlOf } from "./request.ts";

type UpgradeListener = (request: unknown, socket: unknown, head: unknown) => void;

/** What `attach` needs of an `http.Server`: structural, so that it compiles without @types/node. */
export interface UpgradeServer {
  prependListener(event: "upgrade", listener: UpgradeListener): unknown;
  off(event: "upgrade", listener: UpgradeListener): unknown;
  listenerCount(event: "upgrade"): number;
  emit(event: "connection" | "secureConnection", socket: unknown): unknown;
}

/** Our servers on an http server, by their paths, and the one listener that they share. */
interface Mounts {
  readonly paths: Map<string, UpgradeListener>;
  readonly listener: UpgradeListener;
}

const mounted = new WeakMap<UpgradeServer, Mounts>();

/**
 * Hands the upgrades to WebSocket at that path to `take`; returns what ends it. Throws `UsageError` `path-taken` where
 * another is there.
 */
export function mount(server: UpgradeServer, path: string, take: UpgradeListener): () => void {
  const methods = ["prependListener", "off", "listenerCount", "emit"] as const;
  const given = server as Partial<UpgradeServer> | null | undefined;
  if (methods.some((method) => typeof given?.[method] !== "function")) {
    const what = "an HTTP server, as http.createServer() returns it (of Express, what app.listen() returns)";
    throw new UsageError("bad-argument", `attach takes ${what}, not ${showValue(given)}`);
  }
  const mounts = mounted.get(server) ?? begin(server);
  const { paths, listener } = mounts;
  if (paths.has(path)) {
    throw new UsageError("path-taken", `a channel socket is attached to this HTTP server at ${path} already`);
  }
  paths.set(path, take);
  return () => {
    if (paths.get(path) !== take) return;
    paths.delete(path);
    if (paths.size > 0) return;
    server.off("upgrade", listener);
    mounted.delete(server);
  };
}

function begin(server: UpgradeServer): Mounts {
  const paths = new Map<string, UpgradeListener>();
  const listener: UpgradeListener = (request, socket, head) => {
    // Where somebody else listens, what is not ours is theirs.
    const isAlone = server.listenerCount("upgrade") === 1;
    if (!asksForWebSocket(headerOf(request as IncomingMessage))) {
      if (isAlone) giveBack(server, request as IncomingMessage, socket as Duplex, head as Buffer);
      return;
    }
    const url = urlOf(request as IncomingMessage);
    const take = url && paths.get(pathOf(url));
    if (take !== undefined) take(request, socket, head);
    else if (isAlone) refuse(socket as Duplex, url === undefined ? BAD_REQUEST : NOTHING_HERE);
  };
  // Before all other listeners, which may write: what a socket has sent before this one is called was not for this
  // request.
  server.prependListener("upgrade", listener);
  const mounts = { paths, listener };
  mounted.set(server, mounts);
  return mounts;
}

function headerOf({ headers }: IncomingMessage): { readonly get: (name: string) => string | null } {
  return { get: (name) => headers[name]?.toString() ?? null };
}

/** Headers, and words of a Connection header, that are of the upgrade and of nothing else. */
const OF_UPGRADE: ReadonlySet<string> = new Set(["upgrade", "http2-settings"]);

/**
 * Gives a request back to HTTP as one that asks for no upgrade, which a server may always ignore (RFC 9110 section
 * 7.8): Node has taken it out of HTTP because somebody listens for upgrades.
 */
function giveBack(server: UpgradeServer, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = String(rawHeaders[i]);
    const given = String(rawHeaders[i + 1]);
    const value = name.toLowerCase() === "connection" ? removeUpgrade(given) : given;
    const isOfUpgrade = OF_UPGRADE.has(name.toLowerCase()) || (value === "" && given !== "");
    if (!isOfUpgrade) lines.push(`${name}: ${value}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), head]));
  server.emit("encrypted" in socket ? "secureConnection" : "connection", socket);
}

function removeUpgrade(connection: string): string {
  const words = connection.split(",").map((word) => word.trim());
  return words.filter((word) => !OF_UPGRADE.has(word.toLowerCase())).join(", ");
}
