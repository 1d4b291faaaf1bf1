/** A `WebSocket` that can be made to stand still, as behind a network that holds everything. */
export interface Stall {
  readonly Socket: typeof WebSocket;
  /** Holds what all sockets send and receive for that long, and then lets it go on, in order. */
  readonly hold: (forMs: number) => void;
  /** When it ends, in milliseconds since 1970; undefined where nothing is held. */
  readonly until: () => number | undefined;
}

export function createStall(Base: typeof WebSocket): Stall {
  const sockets = new Set<StallingSocket>();
  let until: number | undefined;

  class StallingSocket extends Base {
    #held: (() => void)[] = [];
    /** Those that were held and are now told once more. */
    readonly #retold = new WeakSet<Event>();

    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      sockets.add(this);
      // The first listener, so that nobody hears what it holds.
      this.addEventListener("message", (event) => {
        if (until === undefined || this.#retold.has(event)) return;
        event.stopImmediatePropagation();
        const again = new MessageEvent("message", { data: event.data });
        this.#retold.add(again);
        this.#held.push(() => this.dispatchEvent(again));
      });
      this.addEventListener("close", () => {
        sockets.delete(this);
        // Of a connection that ended, nothing comes any more: what was held is lost with it.
        this.#held = [];
      });
    }

    override send(data: Parameters<WebSocket["send"]>[0]): void {
      if (until === undefined) super.send(data);
      else this.#held.push(() => this.readyState === Base.OPEN && super.send(data));
    }

    release(): void {
      const held = this.#held;
      this.#held = [];
      for (const goOn of held) goOn();
    }
  }

  return {
    Socket: StallingSocket,
    hold: (forMs) => {
      if (until !== undefined) return;
      until = Date.now() + forMs;
      setTimeout(() => {
        until = undefined;
        for (const socket of sockets) socket.release();
      }, forMs);
    },
    until: () => until,
  };
}
