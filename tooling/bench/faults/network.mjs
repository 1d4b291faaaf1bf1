// The network of a load generator: every library opens its connections through Node's net.connect or, where it asks for an
// agent, through that of http, so that is where they are counted, spread over addresses, cut, and kept from coming back.
import { Agent } from "node:http";
import net from "node:net";
import { now } from "./clock.mjs";

/** Client i calls its server by an address of its own, which tells its connections from the others'. */
export const hostOf = (index) => `127.1.${index >> 8}.${index & 255}`;

const indexOf = (host) => {
  const [, high, low] = /^127\.1\.(\d+)\.(\d+)$/.exec(host) ?? [];
  return high === undefined ? undefined : Number(high) * 256 + Number(low);
};

/** An address has some 28,000 ports, and one that was used waits a minute: so 250 of them. Only Linux has them all. */
const sourceOf = (index) => (process.platform === "linux" ? { localAddress: `127.0.0.${2 + (index % 250)}` } : {});

const connect = net.connect;
const sockets = new Map();
const awayUntil = new Map();
const listeners = new Set();

function connectAs(options, ...rest) {
  const index = indexOf(options.host);
  if (index === undefined) return connect(options, ...rest);
  for (const listener of listeners) listener(index, now());
  if ((awayUntil.get(index) ?? 0) > now()) return unreachable();
  const socket = connect({ ...options, host: "127.0.0.1", ...sourceOf(index) }, ...rest);
  sockets.set(index, socket);
  return socket;
}

net.connect = connectAs;
Agent.prototype.createConnection = connectAs;

function unreachable() {
  const socket = new net.Socket();
  setImmediate(() => socket.destroy(Object.assign(new Error("connect ENETUNREACH"), { code: "ENETUNREACH" })));
  return socket;
}

/** Calls `listener(index, at)` for each attempt to connect, those that fail included. */
export const onAttempt = (listener) => listeners.add(listener);

/**
 * Cuts a client's connection: what arrives vanishes for `stallMs`, which the server cannot know, then the connection is
 * reset, and no attempt gets through for `awayMs`.
 */
export function cut(index, { stallMs, awayMs }) {
  const socket = sockets.get(index);
  if (socket === undefined || socket.destroyed) return;
  socket.removeAllListeners("data");
  socket.on("data", () => {});
  setTimeout(() => {
    awayUntil.set(index, now() + awayMs);
    socket.resetAndDestroy();
  }, stallMs);
}
