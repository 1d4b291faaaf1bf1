import { performance } from "node:perf_hooks";
import { WebSocket } from "ws";

/** How one attempt to open a WebSocket went. */
export type Opened =
  | { readonly type: "open"; readonly probe: Probe; readonly ms: number }
  | { readonly type: "refused"; readonly status: number; readonly body: string }
  | { readonly type: "failed"; readonly message: string };

export interface ProbeOptions {
  readonly timeoutMs: number;
  readonly protocols?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ProbeClose {
  readonly code: number;
  readonly reason: string;
}

/** One open WebSocket: frames in the order in which they came, and how it ended. */
export class Probe {
  readonly #socket: WebSocket;
  readonly #frames: (string | Uint8Array)[] = [];
  readonly #timeoutMs: number;
  #close: ProbeClose | undefined;
  #changed: () => void = () => {};

  constructor(socket: WebSocket, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    socket.on("message", (data, isBinary) => {
      this.#frames.push(isBinary ? new Uint8Array(data as Buffer) : String(data));
      this.#changed();
    });
    socket.on("close", (code, reason) => {
      this.#close = { code, reason: String(reason) };
      this.#changed();
    });
    socket.on("error", () => {});
  }

  /** The subprotocol that was chosen; "" for none. */
  get protocol(): string {
    return this.#socket.protocol;
  }

  get extensions(): string {
    return this.#socket.extensions;
  }

  /** The next frame; undefined where none came in time, or the connection ended. */
  async frame(): Promise<string | Uint8Array | undefined> {
    await this.#until(() => this.#frames.length > 0 || this.#close !== undefined, this.#timeoutMs);
    return this.#frames.shift();
  }

  /** How it ended; undefined where it did not within that time. */
  async ended(timeoutMs: number = this.#timeoutMs): Promise<ProbeClose | undefined> {
    await this.#until(() => this.#close !== undefined, timeoutMs);
    return this.#close;
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  /** Closes with that code, and tells what came back. */
  async close(code: number): Promise<ProbeClose | undefined> {
    this.#socket.close(code);
    const ended = await this.ended();
    this.#socket.terminate();
    return ended;
  }

  /** Ends it without a word. */
  cut(): void {
    this.#socket.terminate();
  }

  #until(isDone: () => boolean, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#changed = () => {};
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#changed = () => isDone() && done();
      this.#changed();
    });
  }
}

/** Opens a WebSocket and tells how that went; never throws. */
export function openProbe(url: string, { timeoutMs, protocols = [], headers = {} }: ProbeOptions): Promise<Opened> {
  return new Promise((resolve) => {
    const begun = performance.now();
    let socket: WebSocket;
    try {
      socket = new WebSocket(url, [...protocols], { headers, handshakeTimeout: timeoutMs });
    } catch (error) {
      resolve({ type: "failed", message: messageOf(error) });
      return;
    }
    // At once: the first frame may come with the answer to the upgrade.
    const probe = new Probe(socket, timeoutMs);
    socket.once("open", () => resolve({ type: "open", probe, ms: performance.now() - begun }));
    socket.once("error", (error) => resolve({ type: "failed", message: messageOf(error) }));
    socket.once("unexpected-response", (_request, response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body = (body + chunk).slice(0, 300);
      });
      response.on("end", () => resolve({ type: "refused", status: response.statusCode ?? 0, body: body.trim() }));
      response.on("error", () => resolve({ type: "refused", status: response.statusCode ?? 0, body }));
    });
  });
}

function messageOf(error: unknown): string {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  return [code, message].filter((part) => part !== undefined && part !== "").join(": ") || String(error);
}
