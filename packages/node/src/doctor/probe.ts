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

/** So much of a refusal's body is shown. */
const MAX_BODY_LENGTH = 300;

/** One open WebSocket: frames in the order in which they came, and how it ended. */
export class Probe {
  readonly #socket: WebSocket;
  readonly #frames: (string | Uint8Array)[] = [];
  readonly #timeoutMs: number;
  #close: ProbeClose | undefined;
  #onChange: () => void = () => {};

  constructor(socket: WebSocket, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    socket.on("message", (data, isBinary) => {
      this.#frames.push(isBinary ? new Uint8Array(data as Buffer) : String(data));
      this.#onChange();
    });
    socket.on("close", (code, reason) => {
      this.#close = { code, reason: String(reason) };
      this.#onChange();
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
  async takeFrame(): Promise<string | Uint8Array | undefined> {
    await this.#waitUntil(() => this.#frames.length > 0 || this.#close !== undefined, this.#timeoutMs);
    return this.#frames.shift();
  }

  /** How it ended; undefined where it did not within that time. */
  async waitForEnd(timeoutMs: number = this.#timeoutMs): Promise<ProbeClose | undefined> {
    await this.#waitUntil(() => this.#close !== undefined, timeoutMs);
    return this.#close;
  }

  send(frame: string | Uint8Array): void {
    this.#socket.send(frame);
  }

  /** Closes with that code, and tells what came back. */
  async close(code: number): Promise<ProbeClose | undefined> {
    this.#socket.close(code);
    const ended = await this.waitForEnd();
    this.#socket.terminate();
    return ended;
  }

  /** Ends it without a word. */
  cut(): void {
    this.#socket.terminate();
  }

  #waitUntil(isDone: () => boolean, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        this.#onChange = () => {};
        resolve();
      };
      const timer = setTimeout(finish, timeoutMs);
      this.#onChange = () => isDone() && finish();
      this.#onChange();
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
    const fail = (error: Error) => resolve({ type: "failed", message: messageOf(error) });
    socket.once("error", fail);
    socket.once("unexpected-response", (_request, response) => {
      // From here on the answer counts, whatever becomes of the connection.
      socket.off("error", fail);
      const { socket: stream } = response;
      let body = "";
      // A peer that keeps the connection alive, or never ends its answer, is not waited for.
      const finish = () => {
        clearTimeout(timer);
        stream.destroy();
        resolve({ type: "refused", status: response.statusCode ?? 0, body: body.trim() });
      };
      const timer = setTimeout(finish, timeoutMs);
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body = (body + chunk).slice(0, MAX_BODY_LENGTH);
        if (body.length === MAX_BODY_LENGTH) finish();
      });
      response.on("end", finish);
      response.on("error", finish);
    });
  });
}

function messageOf(error: unknown): string {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  return [code, message].filter((part) => part !== undefined && part !== "").join(": ") || String(error);
}
