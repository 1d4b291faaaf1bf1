import { createClient, type OpenSocket, type WebSocketLike, webHost, webSocketOpener } from "@sente-lite/engine";
import type { AnyContract, ChannelSocketClient, ClientOptions, Codec } from "@sente-lite/protocol";

// types

/** Options of a client on Bun: those of every runtime, and headers for the upgrade request. */
export interface BunClientOptions<C extends AnyContract | undefined = undefined, K extends Codec = Codec>
  extends ClientOptions<C, K> {
  /** Headers of the upgrade request, such as `Authorization` or `Cookie`. */
  readonly headers?: Readonly<Record<string, string>>;
}

export type MakeClient = <C extends AnyContract | undefined = undefined, K extends Codec = Codec>(
  url: string,
  options?: BunClientOptions<C, K>,
) => ChannelSocketClient<C>;

// client

/** Makes clients with that codec where the user names none. */
export function clientMaker(codec: Codec | undefined): MakeClient {
  return (url, options = {}) => {
    const core = { host: webHost, openSocket: socketOpener(options) };
    return createClient(codec === undefined ? core : { ...core, codec }, url, options);
  };
}

// socket

function socketOpener({ headers = {} }: Pick<BunClientOptions, "headers">): OpenSocket {
  // Bun's WebSocket takes headers, and can be terminated.
  const { WebSocket } = globalThis as unknown as {
    readonly WebSocket: new (url: string, options: object) => WebSocketLike;
  };
  return webSocketOpener((url, protocols) => new WebSocket(url, { protocols: [...protocols], headers }));
}
