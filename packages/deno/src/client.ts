import { type ClientCore, createClient, type WebSocketLike, webHost, webSocketOpener } from "@sente-lite/engine";
import type { AnyContract, ChannelSocketClient, ClientOptions, Codec } from "@sente-lite/protocol";

// types

/** The type of `makeChannelSocketClient`. */
export type MakeClient = <C extends AnyContract | undefined = undefined, K extends Codec = Codec>(
  url: string,
  options?: ClientOptions<C, K>,
) => ChannelSocketClient<C>;

// client

/** Makes clients with that codec where the user names none. */
export function clientMaker(codec: Codec | undefined): MakeClient {
  const core: ClientCore = { host: webHost, openSocket };
  return (url, options) => createClient(codec === undefined ? core : { ...core, codec }, url, options);
}

// socket

const openSocket = webSocketOpener((url, protocols) => {
  const { WebSocket } = globalThis as unknown as {
    readonly WebSocket: new (url: string, protocols: readonly string[]) => WebSocketLike;
  };
  return new WebSocket(url, protocols);
});
