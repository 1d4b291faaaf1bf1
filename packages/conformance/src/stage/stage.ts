import { Mailbox } from "../mailbox.ts";
import type { PlainWebSocket, RunningServer, ServerStart } from "../targets/target.ts";
import type { Command, Report } from "./messages.ts";
import type { ProxyDeed } from "./tcp-proxy.ts";

// The tests' end of the control socket. It knows no runtime: it runs where the client under test runs.

type AttemptReport = Extract<Report, { on: "attempt" }>;
type Started = Extract<Report, { on: "started" | "failed" }>;
type Ended = Extract<Report, { on: "ended" }>;

export interface StageClose {
  readonly code: number;
  readonly reason: string;
}

/** The control socket to the stage server: opens stages, starts fixture servers. One for a whole file of tests. */
export class Control {
  readonly #socket: PlainWebSocket;
  readonly #origin: string;
  readonly #stages = new Map<string, Stage>();
  readonly #connections = new Map<number, StageConnection>();
  readonly #servers = new Map<string, RemoteServer>();
  readonly #proxies = new Map<string, ProxyReports>();
  readonly #name = Math.random().toString(36).slice(2);
  #made = 0;

  private constructor(socket: PlainWebSocket, origin: string) {
    this.#socket = socket;
    this.#origin = origin;
    socket.addEventListener("message", ({ data }) => this.#hear(JSON.parse(String(data)) as Report));
  }

  /** Connects to the stage server at `ws://127.0.0.1:PORT`. */
  static connect(WebSocket: new (url: string) => PlainWebSocket, origin: string): Promise<Control> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(`${origin}/control`);
      socket.addEventListener("open", () => resolve(new Control(socket, origin)));
      socket.addEventListener("error", () => reject(new Error(`no stage server at ${origin}`)));
    });
  }

  /** A stage of its own: an address where this test plays the server. */
  async stage(): Promise<Stage> {
    const id = `${this.#name}-${++this.#made}`;
    const stage = new Stage(`${this.#origin}/stage/${id}`);
    this.#stages.set(id, stage);
    this.tell({ op: "stage", stage: id });
    // Before that a client would be turned away.
    await stage.opened.next();
    return stage;
  }

  /** Starts a fixture server of that runtime, in a process of its own. */
  async start(runtime: string, start: ServerStart = {}): Promise<RunningServer> {
    const id = `${this.#name}-${++this.#made}`;
    const server = new RemoteServer();
    this.#servers.set(id, server);
    this.tell({ op: "start", id, runtime, start });
    const started = await server.started.next(undefined, 25_000);
    if (started.on === "failed") throw new Error(started.message);
    const end = async (op: "stop" | "kill") => {
      this.tell({ op, id });
      return (await server.ended.next()).code;
    };
    return {
      url: `ws://127.0.0.1:${started.port}/chsk`,
      port: started.port,
      events: () => server.lines.all.map(({ line }) => line),
      next: async (accepts, patienceMs) => (await server.lines.next(({ line }) => accepts(line), patienceMs)).line,
      stop: () => end("stop"),
      kill: async () => void (await end("kill")),
      signal: async (signal) => {
        this.tell({ op: "signal", id, signal });
        await server.signalled.next();
      },
    };
  }

  /** Puts a proxy before that port, which harms the connections that go through it. */
  async proxy(port: number): Promise<RemoteProxy> {
    const id = `${this.#name}-${++this.#made}`;
    const reports: ProxyReports = { proxied: new Mailbox("the start of a proxy"), did: new Mailbox("a proxy's deed") };
    this.#proxies.set(id, reports);
    this.tell({ op: "proxy", id, port });
    const { port: own } = await reports.proxied.next();
    const tellAndWait = async (command: Command) => {
      this.tell(command);
      await reports.did.next();
    };
    return {
      port: own,
      do: (deed) => tellAndWait({ op: "proxy-do", id, deed }),
      close: () => tellAndWait({ op: "proxy-close", id }),
    };
  }

  /** @internal */
  tell(command: Command): void {
    this.#socket.send(JSON.stringify(command));
  }

  close(): void {
    this.#socket.close();
  }

  #hear(report: Report): void {
    switch (report.on) {
      case "staged":
        this.#stages.get(report.stage)?.opened.push(report);
        break;
      case "attempt": {
        const connection = new StageConnection(this, report);
        this.#connections.set(report.connection, connection);
        this.#stages.get(report.stage)?.attempts.push(connection);
        break;
      }
      case "frame":
        this.#connections.get(report.connection)?.frames.push(report.text);
        break;
      case "binary":
        this.#connections.get(report.connection)?.frames.push(`base64:${report.base64}`);
        break;
      case "closed":
        this.#connections.get(report.connection)?.noteEnd(report);
        break;
      case "started":
      case "failed":
        this.#servers.get(report.id)?.started.push(report);
        break;
      case "line":
        this.#servers.get(report.id)?.lines.push(report);
        break;
      case "proxied":
        this.#proxies.get(report.id)?.proxied.push(report);
        break;
      case "proxy-did":
        this.#proxies.get(report.id)?.did.push(report);
        break;
      case "signalled":
        this.#servers.get(report.id)?.signalled.push(report);
        break;
      case "ended":
        this.#servers.get(report.id)?.ended.push(report);
        break;
    }
  }
}

/** A proxy before a server. */
export interface RemoteProxy {
  readonly port: number;
  /** Harms the connections that go through it; resolves when that is done. */
  readonly do: (deed: ProxyDeed) => Promise<void>;
  /** Resets them, and takes no more. */
  readonly close: () => Promise<void>;
}

interface ProxyReports {
  readonly proxied: Mailbox<Extract<Report, { on: "proxied" }>>;
  readonly did: Mailbox<Report>;
}

class RemoteServer {
  readonly started = new Mailbox<Started>("the start of a fixture");
  readonly ended = new Mailbox<Ended>("the end of a fixture");
  readonly signalled = new Mailbox<Report>("a signal to a fixture");
  readonly lines = new Mailbox<Extract<Report, { on: "line" }>>("lines of a fixture");
}

/** Where a client under test connects to. */
export class Stage {
  readonly url: string;
  /** @internal */
  readonly opened = new Mailbox<Report>("the opening of a stage");
  /** @internal */
  readonly attempts: Mailbox<StageConnection>;

  constructor(url: string) {
    this.url = url;
    this.attempts = new Mailbox("attempts to connect", ({ url }) => url.search);
  }

  /** How many attempts were made so far. */
  get count(): number {
    return this.attempts.all.length;
  }

  /** The next attempt to connect, not yet answered. */
  attempt(): Promise<StageConnection> {
    return this.attempts.next();
  }

  /** The next attempt, accepted. */
  async connection(): Promise<StageConnection> {
    const connection = await this.attempt();
    connection.accept();
    return connection;
  }

  /** The next attempt, accepted and greeted with that frame. */
  async greet(handshake = '[[:chsk/handshake ["u1" nil nil]] nil]'): Promise<StageConnection> {
    const connection = await this.connection();
    connection.send(handshake);
    return connection;
  }
}

/** One connection of a client, from its attempt on; this end is the server's. */
export class StageConnection {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Subprotocols that were offered. */
  readonly protocols: readonly string[];
  /** @internal */
  readonly frames = new Mailbox<string>("frames of the client");
  readonly #closes = new Mailbox<StageClose>("the close of a client");
  readonly #control: Control;
  readonly #connection: number;

  constructor(control: Control, { connection, url, headers, protocols }: AttemptReport) {
    this.#control = control;
    this.#connection = connection;
    this.url = new URL(url, "ws://stage");
    this.headers = headers;
    this.protocols = protocols;
  }

  /** A query parameter; null where it is not there. */
  param(name: string): string | null {
    return this.url.searchParams.get(name);
  }

  accept(protocol?: string): void {
    const connection = this.#connection;
    this.#control.tell(protocol === undefined ? { op: "accept", connection } : { op: "accept", connection, protocol });
  }

  refuse(status: number, body = ""): void {
    this.#control.tell({ op: "refuse", connection: this.#connection, status, body });
  }

  /** The next frame; one that is binary as `base64:...`. */
  frame(): Promise<string> {
    return this.frames.next();
  }

  /** The next `count` frames. */
  async takeFrames(count: number): Promise<readonly string[]> {
    const frames: string[] = [];
    while (frames.length < count) frames.push(await this.frame());
    return frames;
  }

  /** Waits for a frame, leaving the others. */
  frameWhere(accepts: (text: string) => boolean): Promise<string> {
    return this.frames.next(accepts);
  }

  /** Every frame that came. */
  get received(): readonly string[] {
    return this.frames.all;
  }

  send(text: string): void {
    this.#control.tell({ op: "send", connection: this.#connection, text });
  }

  sendBinary(base64: string): void {
    this.#control.tell({ op: "send-binary", connection: this.#connection, base64 });
  }

  close(code?: number, reason?: string): void {
    this.#control.tell({
      op: "close",
      connection: this.#connection,
      ...(code === undefined ? {} : { code }),
      ...(reason === undefined ? {} : { reason }),
    });
  }

  /** Cuts the connection without a close handshake. */
  terminate(): void {
    this.#control.tell({ op: "terminate", connection: this.#connection });
  }

  /** Stops reading. */
  stall(): void {
    this.#control.tell({ op: "stall", connection: this.#connection });
  }

  resume(): void {
    this.#control.tell({ op: "resume", connection: this.#connection });
  }

  /** How the connection ended; 1006 also for an attempt that the client gave up. */
  waitForClose(): Promise<StageClose> {
    return this.#closes.next();
  }

  /** @internal */
  noteEnd({ code, reason }: StageClose): void {
    this.#closes.push({ code, reason });
    this.frames.end(`closed with ${code} ${reason}`);
  }
}
