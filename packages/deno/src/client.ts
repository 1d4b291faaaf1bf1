import { createClient, type WebSocketLike, webHost, webSocketOpener } from "@sente-lite/engine";
import type {
  Address,
  AnyContract,
  ChannelSocketClient,
  ClientOptions,
  Codec,
  MaybePromise,
  Pairs,
} from "@sente-lite/protocol";

// types

/** Options of a client on Deno: those of every runtime, and headers for the upgrade request. */
export interface DenoClientOptions<C extends AnyContract | undefined = undefined, K extends Codec = Codec>
  extends ClientOptions<C, K> {
  /** Headers of the upgrade request, such as `Authorization` or `Cookie`; as a function, asked once for each attempt. */
  readonly headers?: Pairs | (() => MaybePromise<Pairs>);
}

/** The type of `makeChannelSocketClient`. */
export type MakeClient = <C extends AnyContract | undefined = undefined, K extends Codec = Codec>(
  url: Address,
  options?: DenoClientOptions<C, K>,
) => ChannelSocketClient<C>;

// client

/** Makes clients with these codecs: the first where the user names none. */
export function clientMaker(codecs: readonly Codec[]): MakeClient {
  const core = { host: webHost, openSocket, takesHeaders: true, codecs };
  return (url, options = {}) => createClient(core, url, options);
}

// socket

// Deno's WebSocket takes headers; it cannot be terminated.
const openSocket = webSocketOpener((url, protocols, headers) => {
  const { WebSocket } = globalThis as unknown as {
    readonly WebSocket: new (url: string, options: object) => WebSocketLike;
  };
  return new WebSocket(url, { protocols: [...protocols], headers });
});
