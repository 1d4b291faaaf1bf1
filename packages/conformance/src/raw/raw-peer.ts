import type { IncomingHttpHeaders } from "node:http";
import { WebSocket } from "ws";
import { Mailbox } from "../mailbox.ts";

/** How a raw peer asks for its connection. */
export interface RawRequest {
  readonly headers?: Readonly<Record<string, string>>;
  readonly origin?: string;
  readonly protocols?: readonly string[];
}

export interface RawFrame {
  readonly data: string | Uint8Array;
}

export interface RawClose {
  readonly code: number;
  readonly reason: string;
}

/** An answer to an upgrade request that is no upgrade. */
export interface Refusal {
  readonly status: number;
  readonly body: string;
}

/**
 * A WebSocket peer that knows nothing of this library: what it sends and what it expects is literal text.
 * Disposing of it cuts the connection.
 */
export class RawPeer {
  readonly #socket: WebSocket;
  readonly #frames: Mailbox<RawFrame>;
  readonly #closes: Mailbox<RawClose>;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    const where = new URL(socket.url).search;
    this.#frames = new Mailbox<RawFrame>(`frames to ${where}`, ({ data }) => String(data));
    this.#closes = new Mailbox<RawClose>(`close of ${where}`);
    socket.on("message", (data, isBinary) => {
      this.#frames.push({ data: isBinary ? Uint8Array.from(data as Buffer) : String(data) });
    });
    socket.on("close", (code, reason) => {
      this.#closes.push({ code, reason: String(reason) });
      this.#frames.end(`closed with ${code} ${reason}`);
    });
    // What fails is followed by a close.
    socket.on("error", () => {});
  }

  /** The subprotocol that the server chose; "" for none. */
  get protocol(): string {
    return this.#socket.protocol;
  }

  /** Every text frame that came. */
  get received(): readonly string[] {
    return this.#frames.all.map(({ data }) => String(data));
  }

  /** The next frame, which has to be a text frame. */
  async text(): Promise<string> {
    const { data } = await this.#frames.next();
    if (typeof data !== "string") throw new Error(`a binary frame of ${data.byteLength} bytes came, not a text frame`);
    return data;
  }

  /** The next frame, which has to be a binary one. */
  async bytes(): Promise<Uint8Array> {
    const { data } = await this.#frames.next();
    if (typeof data === "string") throw new Error(`a text frame came, not a binary one: ${data}`);
    return data;
  }

  /** The next `count` text frames. */
  async texts(count: number): Promise<readonly string[]> {
    const frames: string[] = [];
    while (frames.length < count) frames.push(await this.text());
    return frames;
  }

  /** Waits for that frame, leaving what else came where it is. */
  async textWhere(accepts: (text: string) => boolean): Promise<string> {
    const { data } = await this.#frames.next(({ data }) => typeof data === "string" && accepts(data));
    return String(data);
  }

  /** Waits for that frame, of text or binary, leaving what else came where it is. */
  frameWhere(accepts: (frame: RawFrame) => boolean): Promise<RawFrame> {
    return this.#frames.next(accepts);
  }

  waitForClose(): Promise<RawClose> {
    return this.#closes.next();
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  sendBinary(bytes: Uint8Array): void {
    this.#socket.send(bytes, { binary: true });
  }

  /** Sends and gives the next frame: for exchanges where the next frame is the answer. */
  async ask(text: string): Promise<string> {
    this.send(text);
    return await this.text();
  }

  /** Closes, with `none` without a code, and waits until it is closed. */
  async close(code: number | "none" = 1000, reason?: string): Promise<RawClose> {
    if (code === "none") this.#socket.close();
    else this.#socket.close(code, reason);
    return await this.waitForClose();
  }

  /** Cuts the connection without a close handshake. */
  terminate(): void {
    this.#socket.terminate();
  }

  /** Stops reading, as a peer that hangs. */
  stall(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** From now on reads one frame, and the next in a later turn of the loop: slower than most send. */
  readSlowly(): void {
    this.#socket.on("message", () => {
      this.#socket.pause();
      setTimeout(() => this.#socket.resume(), 1);
    });
  }
}

/** Connects; rejects where the upgrade is refused. */
export async function connectRaw(url: string, request: RawRequest = {}): Promise<RawPeer> {
  const answer = await open(url, request);
  if (answer instanceof RawPeer) return answer;
  throw new Error(`${url} was refused: ${answer.status} ${answer.body}`);
}

/** Asks for an upgrade that has to be refused. */
export async function refusalOf(url: string, request: RawRequest = {}): Promise<Refusal> {
  const answer = await open(url, request);
  if (!(answer instanceof RawPeer)) return { status: answer.status, body: answer.body };
  answer.terminate();
  throw new Error(`${url} was not refused`);
}

/** The headers of the answer to a request that is refused; fails if it is not. */
export async function headersOfRefusal(url: string): Promise<IncomingHttpHeaders> {
  const answer = await open(url, {});
  if (!(answer instanceof RawPeer)) return answer.headers;
  answer.terminate();
  throw new Error(`${url} was not refused`);
}

type Answer = Refusal & { readonly headers: IncomingHttpHeaders };

function open(url: string, { headers = {}, origin, protocols = [] }: RawRequest): Promise<RawPeer | Answer> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, [...protocols], {
      headers,
      perMessageDeflate: false,
      maxPayload: 64 * 1024 * 1024,
      ...(origin === undefined ? {} : { origin }),
    });
    // At once: the first frame may come with the answer to the upgrade.
    const peer = new RawPeer(socket);
    socket.once("open", () => resolve(peer));
    socket.once("error", reject);
    socket.once("unexpected-response", (_request, response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, body, headers: response.headers });
        socket.terminate();
      });
    });
  });
}
