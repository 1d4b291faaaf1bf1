import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** What a proxy can do to the connections that go through it. */
export type ProxyDeed =
  /** Resets them. */
  | { readonly type: "cut" }
  /** Resets each once so many more bytes went that way, those included: in the middle of a frame, say. */
  | { readonly type: "cut-after"; readonly to: Side; readonly bytes: number }
  /** Reads nothing until `flow`, as a peer that hangs: what is sent waits in the kernels, and then at its sender. */
  | { readonly type: "stall" }
  /** Resets them and all that come, until `flow`. */
  | { readonly type: "refuse" }
  | { readonly type: "flow" }
  /** From now on passes everything on so much later, connections to come too. */
  | { readonly type: "delay"; readonly ms: number }
  /**
   * Swallows all that is sent on them, each way, and tells nobody of anything any more, of other deeds neither;
   * connections to come are not touched.
   */
  | { readonly type: "black-hole" };

type Side = "client" | "server";

/** One direction of a connection. */
interface Lane {
  readonly from: Socket;
  readonly to: Socket;
  readonly towards: Side;
  /** What is on its way; one after the other, so that a delay which changes reorders nothing. */
  onItsWay: Promise<void>;
  cutAfter: number;
}

interface Link {
  readonly lanes: readonly Lane[];
  isSwallowed: boolean;
}

/** A TCP proxy before a server, which harms real connections as networks do. */
export class TcpProxy {
  #target: number;
  readonly #server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  readonly #links = new Set<Link>();
  #delayMs = 0;
  #isStalled = false;
  #isRefusing = false;

  constructor(target: number) {
    this.#target = target;
  }

  /** Listens on a free port; resolves to it. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that come from now on go to that port. */
  aim(target: number): void {
    this.#target = target;
  }

  do(deed: ProxyDeed): void {
    if (deed.type === "delay") this.#delayMs = deed.ms;
    if (deed.type === "stall" || deed.type === "flow") this.#isStalled = deed.type === "stall";
    if (deed.type === "refuse" || deed.type === "flow") this.#isRefusing = deed.type === "refuse";
    for (const link of this.#links) {
      if (link.isSwallowed) continue;
      if (deed.type === "cut" || deed.type === "refuse") this.#cut(link);
      if (deed.type === "black-hole") link.isSwallowed = true;
      for (const lane of link.lanes) {
        if (deed.type === "cut-after" && deed.to === lane.towards) lane.cutAfter = deed.bytes;
        if (deed.type === "stall") lane.from.pause();
        if (deed.type === "flow") lane.from.resume();
      }
    }
  }

  /** Resets what is left, and takes no more. */
  async close(): Promise<void> {
    for (const link of this.#links) this.#cut(link);
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: Socket): void {
    if (this.#isRefusing) {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ port: this.#target, host: "127.0.0.1", allowHalfOpen: true });
    const lane = (from: Socket, to: Socket, towards: Side): Lane => ({
      from,
      to,
      towards,
      onItsWay: Promise.resolve(),
      cutAfter: Number.POSITIVE_INFINITY,
    });
    const link: Link = {
      lanes: [lane(client, server, "server"), lane(server, client, "client")],
      isSwallowed: false,
    };
    this.#links.add(link);
    for (const lane of link.lanes) {
      const { from, to } = lane;
      from.setNoDelay(true);
      if (this.#isStalled) from.pause();
      from.on("error", () => {});
      from.on("data", (chunk) => this.#pass(link, lane, chunk));
      from.on("end", () => this.#runLater(link, lane, () => to.end()));
      from.on("close", (hadError) => {
        this.#runLater(link, lane, () => {
          if (hadError) reset(to);
          else to.destroySoon();
        });
        if (to.destroyed) this.#links.delete(link);
      });
    }
  }

  #pass(link: Link, lane: Lane, chunk: Buffer): void {
    if (link.isSwallowed) return;
    const isLast = chunk.length >= lane.cutAfter;
    const passed = isLast ? chunk.subarray(0, lane.cutAfter) : chunk;
    lane.cutAfter -= passed.length;
    this.#runLater(link, lane, () => {
      lane.to.write(passed, () => isLast && this.#cut(link));
    });
  }

  #runLater(link: Link, lane: Lane, fn: () => void): void {
    const delayMs = this.#delayMs;
    const due = delayMs === 0 ? undefined : new Promise((resolve) => setTimeout(resolve, delayMs));
    lane.onItsWay = lane.onItsWay
      .then(() => due)
      .then(() => {
        // Whoever is swallowed learns nothing, the other's end included.
        if (!link.isSwallowed) fn();
      });
  }

  #cut(link: Link): void {
    this.#links.delete(link);
    for (const { from } of link.lanes) reset(from);
  }
}

/** Where the end was sent already, Node 20 would lose the handle in a reset, and never exit. */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
