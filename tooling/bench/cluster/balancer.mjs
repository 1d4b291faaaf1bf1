// What stands before the nodes: a proxy of TCP that gives each new connection to the node with the fewest, and cuts those of a
// client where a part says so.
import { once } from "node:events";
import net from "node:net";
import { createRandom } from "../faults/statistics.mjs";

export async function play() {
  const random = createRandom(1);
  /** By name: port, and the connections that it has. */
  const nodes = new Map();
  const server = net.createServer({ noDelay: true }, (client) => {
    client.on("error", () => {});
    const node = [...nodes.values()].toSorted((a, b) => a.sockets.size - b.sockets.size)[0];
    if (node === undefined) return void client.destroy();
    const upstream = net.connect({ port: node.port, host: "127.0.0.1", noDelay: true });
    node.sockets.add(client);
    upstream.on("error", () => {});
    client.pipe(upstream).pipe(client);
    client.once("close", () => {
      node.sockets.delete(client);
      upstream.destroy();
    });
    upstream.once("close", () => client.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    ready: { port: server.address().port },
    add: ({ name, port }) => {
      nodes.set(name, { port, sockets: new Set() });
    },
    /** No new connection goes there; those that are there stay. */
    remove: ({ name }) => nodes.delete(name),
    /** Resets a share of the connections of every node, which come back to another: the fullest are not the emptiest any more. */
    cutShare: (share) => {
      let count = 0;
      for (const { sockets } of nodes.values()) {
        for (const socket of [...sockets]) {
          if (random() >= share) continue;
          socket.resetAndDestroy();
          count++;
        }
      }
      return count;
    },
  };
}
