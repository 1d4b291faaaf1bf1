import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** What a proxy can do to the connections that go through it. */
export type ProxyDeed =
  /** Resets them. */
  | { readonly type: "cut" }
  /** Passes nothing on until `flow`; what is sent waits. */
  | { readonly type: "stall" }
  | { readonly type: "flow" }
  /** From now on passes everything on so much later, connections to come too. */
  | { readonly type: "delay"; readonly ms: number }
  /** Swallows all that is sent on them, each way, and tells nobody; connections to come are not touched. */
  | { readonly type: "black-hole" }
  /** Resets them once so many more bytes went to the server: in the middle of a frame, say. */
  | { readonly type: "cut-after"; readonly bytes: number };

interface Pipe {
  readonly client: Socket;
  readonly server: Socket;
  isSwallowed: boolean;
  cutAfter: number | undefined;
}

/** A TCP proxy before a server, which harms real connections as networks do. */
export class TcpProxy {
  readonly #target: number;
  readonly #server = createServer((client) => this.#accept(client));
  readonly #pipes = new Set<Pipe>();
  #delayMs = 0;
  #isStalled = false;

  constructor(target: number) {
    this.#target = target;
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  do(deed: ProxyDeed): void {
    if (deed.type === "delay") this.#delayMs = deed.ms;
    if (deed.type === "stall" || deed.type === "flow") this.#isStalled = deed.type === "stall";
    for (const pipe of this.#pipes) {
      if (deed.type === "cut") this.#cut(pipe);
      else if (deed.type === "black-hole") pipe.isSwallowed = true;
      else if (deed.type === "cut-after") pipe.cutAfter = deed.bytes;
      else if (deed.type === "stall") for (const socket of [pipe.client, pipe.server]) socket.pause();
      else if (deed.type === "flow") for (const socket of [pipe.client, pipe.server]) socket.resume();
    }
  }

  async close(): Promise<void> {
    for (const pipe of this.#pipes) this.#cut(pipe);
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: Socket): void {
    const server = connect(this.#target, "127.0.0.1");
    const pipe: Pipe = { client, server, isSwallowed: false, cutAfter: undefined };
    this.#pipes.add(pipe);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      if (this.#isStalled) from.pause();
      from.on("data", (chunk) => this.#pass(pipe, to, chunk));
      from.on("error", () => {});
      from.on("end", () => this.#later(() => !pipe.isSwallowed && to.end()));
      from.on("close", () => {
        this.#pipes.delete(pipe);
        // Whoever is swallowed learns nothing of the other's end.
        if (!pipe.isSwallowed) this.#later(() => to.destroy());
      });
    }
  }

  #pass(pipe: Pipe, to: Socket, chunk: Buffer): void {
    if (pipe.isSwallowed) return;
    const { cutAfter } = pipe;
    if (to === pipe.server && cutAfter !== undefined) {
      pipe.cutAfter = cutAfter - chunk.length;
      if (chunk.length >= cutAfter) {
        to.write(chunk.subarray(0, cutAfter), () => this.#cut(pipe));
        return;
      }
    }
    this.#later(() => to.write(chunk));
  }

  /** Equal delays keep the order. */
  #later(fn: () => void): void {
    if (this.#delayMs === 0) fn();
    else setTimeout(fn, this.#delayMs);
  }

  #cut(pipe: Pipe): void {
    this.#pipes.delete(pipe);
    for (const socket of [pipe.client, pipe.server]) socket.resetAndDestroy();
  }
}
