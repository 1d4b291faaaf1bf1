import { createClient, type OpenSocket, type WebSocketLike, webHost, webSocketOpener } from "@sente-lite/engine";
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

/** Options of a client on Bun: those of every runtime, and headers for the upgrade request. */
export interface BunClientOptions<C extends AnyContract | undefined = undefined, K extends Codec = Codec>
  extends ClientOptions<C, K> {
  /** Headers of the upgrade request, such as `Authorization` or `Cookie`; as a function, asked once for each attempt. */
  readonly headers?: Pairs | (() => MaybePromise<Pairs>);
  /**
   * Offers permessage-deflate, and compresses messages of a kilobyte or more where the server takes it. Default: false.
   * Bun inflates a message up to 128 MB before `maxPayloadBytes` is asked: take it with servers that you trust.
   */
  readonly compression?: boolean;
}

/** The type of `makeChannelSocketClient`. */
export type MakeClient = <C extends AnyContract | undefined = undefined, K extends Codec = Codec>(
  url: Address,
  options?: BunClientOptions<C, K>,
) => ChannelSocketClient<C>;

// client

/** Makes clients with these codecs: the first where the user names none. */
export function clientMaker(codecs: readonly Codec[]): MakeClient {
  return (url, options = {}) => {
    const openSocket = socketOpener(options?.compression === true);
    const core = { host: webHost, openSocket, takesHeaders: true, canCompress: "switched-on", codecs } as const;
    return createClient(core, url, options);
  };
}

// socket

/** Bun's WebSocket takes headers, and can be terminated. Left to itself it offers compression. */
function socketOpener(perMessageDeflate: boolean): OpenSocket {
  return webSocketOpener((url, protocols, headers) => {
    const { WebSocket } = globalThis as unknown as {
      readonly WebSocket: new (url: string, options: object) => WebSocketLike;
    };
    return new WebSocket(url, { protocols: [...protocols], headers, perMessageDeflate });
  });
}
