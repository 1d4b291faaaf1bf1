import type { Encoded } from "@sente-lite/protocol";
import type { OpenSocket, RequestHeaders } from "../sockets.ts";

/** The part of the web's `WebSocket` that a client needs. */
export interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onerror: ((event: unknown) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  send(data: Encoded): void;
  close(code?: number, reason?: string): void;
  /** Bun and Node's `ws` can cut a connection, pages and Deno cannot. */
  terminate?(): void;
}

/** Client sockets over the runtime's own WebSocket. */
export function webSocketOpener(
  create: (url: string, protocols: readonly string[], headers: RequestHeaders) => WebSocketLike,
): OpenSocket {
  return (url, protocols, handlers, headers) => {
    const socket = create(url, protocols, headers);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => handlers.message(toEncoded(data));
    // Bun and Deno tell what failed, as the status of a refusal; pages are told nothing.
    socket.onerror = (event) => handlers.failed(new Error(failureOf(event, url)));
    // Where a connection was cut, RFC 6455 section 7.1.5 has 1006, and Deno 0.
    socket.onclose = ({ code, reason }) => handlers.closed(code || 1006, reason);
    return {
      send: (data) => socket.send(data),
      close: (code, reason) => socket.close(code, reason),
      // Where a connection cannot be cut, closing is the nearest thing, and nobody waits for it.
      terminate: () => (socket.terminate === undefined ? socket.close(4000, "cut") : socket.terminate()),
      get bufferedAmount() {
        return socket.bufferedAmount;
      },
    };
  };
}

/** What failed, without the address's query, which may have secrets in it. */
function failureOf(event: unknown, url: string): string {
  const { message } = (event ?? {}) as { readonly message?: unknown };
  if (typeof message !== "string" || message === "") return `the WebSocket failed: ${url.split("?", 1)[0]}`;
  return message.replace(/\?[^\s'"]*/g, "");
}

/** A received message: text as it is, an `ArrayBuffer` as bytes, a view as bytes of its own. */
export function toEncoded(data: unknown): Encoded {
  if (typeof data === "string") return data;
  return data instanceof Uint8Array ? new Uint8Array(data) : new Uint8Array(data as ArrayBuffer);
}
