// Ports of this machine, for programs that cannot be told to choose one by themselves.
import { once } from "node:events";
import net from "node:net";

/** A port of 127.0.0.1 that nobody listens at, at this moment. */
export async function findFreePort() {
  const probe = net.createServer();
  await once(probe.listen(0, "127.0.0.1"), "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

/**
 * Does somebody take connections at that port of 127.0.0.1?
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export function isListening(port) {
  return new Promise((said) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("connect", () => said(true)).once("error", () => said(false));
    socket.once("connect", () => socket.destroy());
  });
}
