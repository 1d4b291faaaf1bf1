import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { Mailbox } from "../mailbox.ts";

// Bytes on a TCP connection: for what no WebSocket library would send.

export interface FrameShape {
  readonly opcode: number;
  readonly payload: string | Uint8Array;
  readonly fin?: boolean;
  /** Clients must mask; false breaks RFC 6455. */
  readonly masked?: boolean;
  /** The reserved bits, 0 to 7. */
  readonly reserved?: number;
  /** Says so many bytes in the header, whatever follows. */
  readonly claimedLength?: number;
}

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** One WebSocket frame as bytes. */
export function frameBytes({
  opcode,
  payload,
  fin = true,
  masked = true,
  reserved = 0,
  claimedLength,
}: FrameShape): Buffer {
  const content = Buffer.from(payload);
  const length = claimedLength ?? content.length;
  const header = [(fin ? 0x80 : 0) | (reserved << 4) | opcode];
  const maskBit = masked ? 0x80 : 0;
  if (length < 126) header.push(maskBit | length);
  else if (length < 65_536) header.push(maskBit | 126, length >> 8, length & 0xff);
  else {
    const size = Buffer.alloc(8);
    size.writeBigUInt64BE(BigInt(length));
    header.push(maskBit | 127, ...size);
  }
  if (!masked) return Buffer.concat([Buffer.from(header), content]);
  const mask = randomBytes(4);
  const masking = content.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return Buffer.concat([Buffer.from(header), mask, masking]);
}

/** A close code as it is in a close frame, to be found in what a `RawSocket` shows. */
export function closeCodeBytes(code: number): string {
  return String.fromCharCode(code >> 8, code & 0xff);
}

/** A TCP connection to a server: writes bytes, shows what comes back as text. */
export class RawSocket {
  readonly #socket: Socket;
  readonly #chunks: Mailbox<string>;
  readonly #ends = new Mailbox<string>("the end of a TCP connection");
  #text = "";
  #isOver = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#chunks = new Mailbox<string>("bytes on a TCP connection");
    socket.on("data", (chunk) => {
      this.#text += chunk.toString("latin1");
      this.#chunks.push(this.#text);
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#isOver = true;
      this.#chunks.end("the connection ended");
      this.#ends.push("closed");
    });
  }

  /** `allowHalfOpen`: this end stays open when the server has ended its own. */
  static open(port: number, { allowHalfOpen = false, host = "127.0.0.1" } = {}): Promise<RawSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, allowHalfOpen, noDelay: true });
      socket.once("error", reject);
      socket.once("connect", () => resolve(new RawSocket(socket)));
    });
  }

  /** Opens a connection and has it upgraded, by literal HTTP; `response` is the head of the answer. */
  static async upgrade(port: number, path: string, headers: readonly string[] = []): Promise<RawSocket> {
    const socket = await RawSocket.open(port);
    socket.write(upgradeRequest(port, path, headers));
    const head = await socket.until((text) => text.includes("\r\n\r\n"));
    if (!head.startsWith("HTTP/1.1 101")) throw new Error(`${path} was refused: ${head}`);
    return socket;
  }

  /** Everything that came, as Latin-1. */
  get text(): string {
    return this.#text;
  }

  write(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Writes, and waits until the kernel has taken it (true) or the connection has ended (false). */
  writeFully(bytes: Uint8Array): Promise<boolean> {
    return new Promise((resolve) => this.#socket.write(bytes, (error) => resolve(error == null)));
  }

  /** Stops reading. */
  stall(): void {
    this.#socket.pause();
  }

  frame(shape: FrameShape): void {
    this.write(frameBytes(shape));
  }

  /** Everything that came, once it is as asked. */
  async until(accepts: (text: string) => boolean): Promise<string> {
    if (accepts(this.#text)) return this.#text;
    return await this.#chunks.next(accepts);
  }

  /** True once it has ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Everything that came, once it is as asked, or the connection has ended. */
  async untilOrEnd(accepts: (text: string) => boolean): Promise<string> {
    try {
      return await this.until(accepts);
    } catch (error) {
      if (!this.#isOver) throw error;
      return this.#text;
    }
  }

  /** Resolves when the server has ended the connection. */
  async waitForEnd(): Promise<void> {
    await this.#ends.next();
  }

  /** Cuts with a TCP reset. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

export function upgradeRequest(port: number, path: string, headers: readonly string[] = []): string {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
    "\r\n",
  ].join("\r\n");
}
