import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A small TCP load balancer: each connection goes to the next of the backends that are in. */
export class Balancer {
  readonly #server = createServer((client) => this.#route(client));
  readonly #sockets = new Set<Socket>();
  #backends: readonly number[] = [];
  #turn = 0;

  /** Listens on a free port; resolves to it. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  /** New connections go to these ports. */
  use(ports: readonly number[]): void {
    this.#backends = ports;
  }

  /** Breaks all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #route(client: Socket): void {
    const port = this.#backends[this.#turn++ % Math.max(1, this.#backends.length)];
    if (port === undefined) {
      client.destroy();
      return;
    }
    const backend = connect(port, "127.0.0.1");
    for (const [from, to] of [
      [client, backend],
      [backend, client],
    ] as const) {
      this.#sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }
}
