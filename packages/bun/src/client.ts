import { createClient, type WebSocketLike, webHost, webSocketOpener } from "@sente-lite/engine";
import type { AnyContract, ChannelSocketClient, ClientOptions, Codec, MaybePromise } from "@sente-lite/protocol";

// types

/** Options of a client on Bun: those of every runtime, and headers for the upgrade request. */
export interface BunClientOptions<C extends AnyContract | undefined = undefined, K extends Codec = Codec>
  extends ClientOptions<C, K> {
  /** Headers of the upgrade request, such as `Authorization` or `Cookie`; as a function, asked anew for each attempt. */
  readonly headers?: Readonly<Record<string, string>> | (() => MaybePromise<Readonly<Record<string, string>>>);
}

/** The type of `makeChannelSocketClient`. */
export type MakeClient = <C extends AnyContract | undefined = undefined, K extends Codec = Codec>(
  url: string,
  options?: BunClientOptions<C, K>,
) => ChannelSocketClient<C>;

// client

/** Makes clients with that codec where the user names none. */
export function clientMaker(codec: Codec | undefined): MakeClient {
  return (url, options = {}) => {
    const core = { host: webHost, openSocket };
    return createClient(codec === undefined ? core : { ...core, codec }, url, options);
  };
}

// socket

// Bun's WebSocket takes headers, and can be terminated.
const openSocket = webSocketOpener((url, protocols, headers) => {
  const { WebSocket } = globalThis as unknown as {
    readonly WebSocket: new (url: string, options: object) => WebSocketLike;
  };
  return new WebSocket(url, { protocols: [...protocols], headers });
});
