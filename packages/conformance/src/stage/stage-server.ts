import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import { fixtures, startServer } from "../targets/fixtures.ts";
import type { RunningServer } from "../targets/target.ts";
import type { Command, Report } from "./messages.ts";
import { TcpProxy } from "./tcp-proxy.ts";

type ProxyCommand = Extract<Command, { op: "proxy" | "proxy-do" | "proxy-close" }>;

const isProxyCommand = (command: Command): command is ProxyCommand => command.op.startsWith("proxy");

/** A client's connection to a stage: an upgrade request, then a WebSocket. */
interface Staged {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly report: (report: Report) => void;
  webSocket?: WebSocket;
}

/**
 * The scripted server: it decides nothing, and does what tests tell it over control sockets (`/control`). What clients
 * do at `/stage/ID` is reported to the control socket that opened that stage.
 */
export class StageServer {
  readonly #http = createServer((_request, response) => response.writeHead(404).end());
  readonly #upgrader: WebSocketServer;
  readonly #chosen = new WeakMap<IncomingMessage, string>();
  readonly #stages = new Map<string, (report: Report) => void>();
  readonly #connections = new Map<number, Staged>();
  readonly #servers = new Map<string, RunningServer>();
  readonly #proxies = new Map<string, TcpProxy>();
  #made = 0;

  constructor() {
    this.#upgrader = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: 64 * 1024 * 1024,
      handleProtocols: (_offered, request) => this.#chosen.get(request) ?? false,
    });
    this.#http.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Listens on a free port; resolves to `ws://127.0.0.1:PORT`. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#http.listen(0, "127.0.0.1", resolve));
    return `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const { socket } of this.#connections.values()) socket.destroy();
    for (const client of this.#upgrader.clients) client.terminate();
    await Promise.all([...this.#servers.values()].map((server) => server.kill()));
    await Promise.all([...this.#proxies.values()].map((proxy) => proxy.close()));
    await new Promise((resolve) => this.#http.close(resolve));
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => {});
    const url = request.url ?? "/";
    if (url === "/control") {
      this.#upgrader.handleUpgrade(request, socket, head, (control) => this.#serveControl(control));
      return;
    }
    const stage = /^\/stage\/([^/?]+)/.exec(url)?.[1] ?? "";
    const report = this.#stages.get(stage);
    if (report === undefined) {
      socket.destroy();
      return;
    }
    const connection = ++this.#made;
    this.#connections.set(connection, { request, socket, head, report });
    socket.once("close", () => {
      if (this.#connections.get(connection)?.webSocket !== undefined) return;
      report({ on: "closed", connection, code: 1006, reason: "the attempt was given up" });
      this.#connections.delete(connection);
    });
    // A client that gives its attempt up is noticed only where somebody reads, and answers its end.
    socket.once("end", () => {
      if (this.#connections.get(connection)?.webSocket === undefined) socket.destroy();
    });
    socket.resume();
    const protocols = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
    report({
      on: "attempt",
      stage,
      connection,
      url,
      headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, value?.toString()])),
      protocols: protocols.filter((name) => name !== ""),
    });
  }

  #serveControl(control: WebSocket): void {
    const mine = new Set<string>();
    const report = (message: Report) => {
      if (control.readyState === WebSocket.OPEN) control.send(JSON.stringify(message));
    };
    control.on("error", () => {});
    control.on("message", (data) => {
      const command = JSON.parse(String(data)) as Command;
      if ("connection" in command) {
        this.#obey(command);
      } else if (command.op === "stage") {
        mine.add(command.stage);
        this.#stages.set(command.stage, report);
        report({ on: "staged", stage: command.stage });
      } else if ("runtime" in command) {
        void this.#start(command, report);
      } else if (command.op === "signal") {
        void this.#signal(command, report);
      } else if (isProxyCommand(command)) {
        void this.#proxy(command, report);
      } else {
        void this.#end(command, report);
      }
    });
    control.on("close", () => {
      for (const stage of mine) this.#stages.delete(stage);
    });
  }

  async #start(
    { id, runtime, start }: Extract<Command, { op: "start" }>,
    report: (report: Report) => void,
  ): Promise<void> {
    try {
      const fixture = fixtures.find((one) => one.runtime === runtime);
      if (fixture === undefined) throw new Error(`no fixture for ${runtime}`);
      const server = await startServer(fixture, start, (line) => report({ on: "line", id, line }));
      this.#servers.set(id, server);
      report({ on: "started", id, port: server.port });
    } catch (error) {
      report({ on: "failed", id, message: String(error) });
    }
  }

  async #signal({ id, signal }: Extract<Command, { op: "signal" }>, report: (report: Report) => void): Promise<void> {
    await this.#servers.get(id)?.signal(signal);
    report({ on: "signalled", id });
  }

  async #proxy(command: ProxyCommand, report: (report: Report) => void): Promise<void> {
    const { op, id } = command;
    if (op === "proxy") {
      const proxy = new TcpProxy(command.port);
      this.#proxies.set(id, proxy);
      report({ on: "proxied", id, port: await proxy.listen() });
      return;
    }
    const proxy = this.#proxies.get(id);
    if (op === "proxy-do") proxy?.do(command.deed);
    else await proxy?.close();
    if (op === "proxy-close") this.#proxies.delete(id);
    report({ on: "proxy-did", id });
  }

  async #end(
    { op, id }: { readonly op: "stop" | "kill"; readonly id: string },
    report: (report: Report) => void,
  ): Promise<void> {
    const server = this.#servers.get(id);
    this.#servers.delete(id);
    const code = op === "stop" ? await server?.stop() : await server?.kill();
    report({ on: "ended", id, code: code ?? null });
  }

  #obey(command: Extract<Command, { connection: number }>): void {
    const staged = this.#connections.get(command.connection);
    // The client may have gone meanwhile; the test learns that from its close.
    if (staged === undefined) return;
    switch (command.op) {
      case "accept":
        if (command.protocol !== undefined) this.#chosen.set(staged.request, command.protocol);
        this.#upgrader.handleUpgrade(staged.request, staged.socket, staged.head, (webSocket) => {
          this.#accept(command.connection, staged, webSocket);
        });
        break;
      case "refuse":
        staged.socket.end(
          `HTTP/1.1 ${command.status} Refused\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(command.body)}\r\n\r\n${command.body}`,
        );
        break;
      case "send":
        staged.webSocket?.send(command.text);
        break;
      case "send-binary":
        staged.webSocket?.send(Buffer.from(command.base64, "base64"));
        break;
      case "close":
        staged.webSocket?.close(command.code, command.reason);
        break;
      case "terminate":
        staged.socket.destroy();
        break;
      case "stall":
        staged.webSocket?.pause();
        break;
      case "resume":
        staged.webSocket?.resume();
        break;
    }
  }

  #accept(connection: number, staged: Staged, webSocket: WebSocket): void {
    const { report } = staged;
    staged.webSocket = webSocket;
    webSocket.on("error", () => {});
    webSocket.on("message", (data, isBinary) => {
      if (isBinary) report({ on: "binary", connection, base64: (data as Buffer).toString("base64") });
      else report({ on: "frame", connection, text: String(data) });
    });
    webSocket.on("close", (code, reason) => {
      report({ on: "closed", connection, code, reason: String(reason) });
      this.#connections.delete(connection);
    });
  }
}
