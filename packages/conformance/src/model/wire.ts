import type { ClientSocket, ServerSocket } from "@sente-lite/engine";
import type { VirtualClock } from "@sente-lite/protocol/testing";
import type { Actor } from "./actor.ts";
import { type Link, type Packet, Pipe } from "./pipe.ts";

export type SideName = "client" | "server";

/** What one end of a connection wants to hear: of the engine's handlers the part that both sides have. */
export interface EndHandlers {
  message(data: string): void;
  closed(code: number, reason: string): void;
}

/** What the world wants to know of its wires. */
export interface WireObserver {
  noteSent(wire: Wire, from: SideName, data: string): void;
  /** It is about to be heard by `at`. Undefined: it is kept from it. */
  letThrough(wire: Wire, at: SideName, data: string): string | undefined;
  noteHeard(wire: Wire, at: SideName, data: string): void;
  notePacket(wire: Wire, from: SideName, packet: Packet, sentAt: number, arrived: boolean): void;
  /** It is about to be told that the socket has closed. */
  noteClose(wire: Wire, at: SideName, code: number, reason: string): void;
}

/** One end of a connection, as its runtime sees it. */
export class Side {
  readonly name: SideName;
  /** The process that it belongs to. */
  actor: Actor;
  readonly pipe: Pipe;
  handlers: EndHandlers | undefined;
  /** With which code this side closed. */
  closedWith: number | undefined;
  /** It was told that the socket has closed: the last that it hears. */
  isOver = false;
  /** The frame that was sent last, and when. */
  lastSent = "";
  /** What came while it does not read. */
  readonly #unread: Packet[] = [];
  #isPaused = false;
  readonly #wire: Wire;
  readonly #observer: WireObserver;

  constructor(wire: Wire, name: SideName, actor: Actor, pipe: Pipe, observer: WireObserver) {
    this.#wire = wire;
    this.name = name;
    this.actor = actor;
    this.pipe = pipe;
    this.#observer = observer;
  }

  /** The socket that the engine drives. */
  get socket(): ClientSocket & ServerSocket {
    const { pipe } = this;
    return {
      send: (data) => this.#send(String(data)),
      close: (code, reason) => this.#close(code, reason),
      terminate: () => this.#terminate(),
      get bufferedAmount() {
        return pipe.buffered;
      },
      ...(this.#wire.canPause && { pause: () => this.#pause(), resume: () => this.#resume() }),
    };
  }

  /** Neither side has begun to close it. */
  get isOpen(): boolean {
    return !this.isOver && this.closedWith === undefined;
  }

  /** Something came over the network. */
  receive(packet: Packet): void {
    this.actor.frame(() => {
      this.#unread.push(packet);
      this.#readOn();
    });
  }

  #readOn(): void {
    while (!this.#isPaused) {
      const packet = this.#unread.shift();
      if (packet === undefined) return;
      this.#read(packet);
    }
  }

  #read(packet: Packet): void {
    if (this.isOver) return;
    if (packet.type === "close") this.#takeClose(packet.code, packet.reason);
    else this.#message(packet.data);
  }

  #pause(): void {
    this.#isPaused = true;
  }

  #resume(): void {
    this.#isPaused = false;
    this.#wire.runSoon(() => this.actor.frame(() => this.#readOn()));
  }

  /** The network, or the runtime, says that the socket is gone. */
  end(code: number, reason: string): void {
    this.actor.frame(() => {
      if (this.isOver) return;
      this.isOver = true;
      this.#observer.noteClose(this.#wire, this.name, code, reason);
      this.handlers?.closed(code, reason);
    });
  }

  #message(data: string): void {
    const heard = this.#observer.letThrough(this.#wire, this.name, data);
    if (heard === undefined) return;
    this.handlers?.message(heard);
    this.#observer.noteHeard(this.#wire, this.name, heard);
  }

  #takeClose(code: number, reason: string): void {
    if (this.closedWith === undefined) this.pipe.send({ type: "close", code, reason, isEcho: true });
    this.end(code, reason);
  }

  #send(data: string): "written" {
    if (!this.isOpen) return "written";
    this.#observer.noteSent(this.#wire, this.name, data);
    this.pipe.send({ type: "frame", data });
    return "written";
  }

  #close(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.closedWith = code;
    if (this.#wire.isEstablished) this.pipe.send({ type: "close", code, reason });
    else this.#wire.abort();
  }

  #terminate(): void {
    this.closedWith ??= 1006;
    if (!this.#wire.isEstablished) {
      this.#wire.abort();
      return;
    }
    this.pipe.send({ type: "close", code: 1006, reason: "" });
    this.#wire.runSoon(() => this.end(1006, ""));
  }
}

export interface WireOptions {
  readonly clock: VirtualClock;
  readonly link: Link;
  readonly client: Actor;
  /** Until it arrives at a server. */
  readonly server: Actor;
  readonly observer: WireObserver;
  readonly url: string;
  readonly protocols: readonly string[];
  /** Whose it is; undefined for one that nobody waits for. */
  readonly tab: number | undefined;
  /** Who the server will find that it is. */
  readonly uid: string;
  readonly canPause: boolean;
}

/** One attempt to connect, and the connection that comes of it. */
export class Wire {
  readonly client: Side;
  readonly server: Side;
  readonly url: string;
  readonly protocols: readonly string[];
  readonly tab: number | undefined;
  readonly uid: string;
  readonly link: Link;
  readonly canPause: boolean;
  /** The session that it carries, once the handshake is sent. */
  sessionId: string | undefined;
  /** The server has accepted it. */
  isEstablished = false;
  /** The client gave up before that. */
  isAborted = false;
  /** The request does not get to the server. */
  isLost = false;
  /** Its client has left for good, and says so. */
  isLeft = false;
  /** What it asks for was forged on the way. */
  isForged = false;
  readonly askedAt: number;
  readonly #clock: VirtualClock;

  constructor(options: WireOptions) {
    const { clock, link, observer, url, protocols, tab, uid } = options;
    this.canPause = options.canPause;
    this.#clock = clock;
    this.askedAt = clock.now;
    this.url = url;
    this.protocols = protocols;
    this.tab = tab;
    this.uid = uid;
    this.link = link;
    const pipe = (from: SideName, to: () => Side) =>
      new Pipe(clock, link, {
        deliver: (packet, sentAt) => {
          observer.notePacket(this, from, packet, sentAt, true);
          to().receive(packet);
        },
        drop: (packet, sentAt) => observer.notePacket(this, from, packet, sentAt, false),
      });
    const up = pipe("client", () => this.server);
    const down = pipe("server", () => this.client);
    this.client = new Side(this, "client", options.client, up, observer);
    this.server = new Side(this, "server", options.server, down, observer);
  }

  runSoon(fn: () => void): void {
    this.#clock.after(0, fn);
  }

  /** The client does not wait for the server's answer any more; the request may be on its way. */
  abort(): void {
    this.isAborted = true;
    this.runSoon(() => this.client.end(1006, ""));
  }

  /** The connection breaks; who notices that, and when, is another matter. */
  cut(toServer: { readonly lateMs: number } | undefined, toClient: { readonly lateMs: number } | undefined): void {
    this.client.pipe.cut(toServer);
    this.server.pipe.cut(toClient);
  }
}
