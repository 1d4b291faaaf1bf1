import { createClient, encodedOf, type OpenSocket, webHost } from "@sente-lite/engine";
import {
  type AnyContract,
  type ChannelSocketClient,
  type ClientOptions,
  type Codec,
  clientDefaults,
  type MaybePromise,
} from "@sente-lite/protocol";
import { WebSocket } from "ws";

// types

/** Options of a client on Node: those of every runtime, and headers for the upgrade request. */
export interface NodeClientOptions<C extends AnyContract | undefined = undefined, K extends Codec = Codec>
  extends ClientOptions<C, K> {
  /** Headers of the upgrade request, such as `Authorization` or `Cookie`; as a function, asked anew for each attempt. */
  readonly headers?: Readonly<Record<string, string>> | (() => MaybePromise<Readonly<Record<string, string>>>);
}

/** The type of `makeChannelSocketClient`. */
export type MakeClient = <C extends AnyContract | undefined = undefined, K extends Codec = Codec>(
  url: string,
  options?: NodeClientOptions<C, K>,
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

function socketOpener(options: Pick<NodeClientOptions, "maxPayloadBytes">): OpenSocket {
  return (url, protocols, handlers, headers) => {
    const socket = new WebSocket(url, [...protocols], {
      perMessageDeflate: false,
      maxPayload: options.maxPayloadBytes ?? clientDefaults.maxPayloadBytes,
      headers,
    });
    socket.binaryType = "nodebuffer";
    socket.on("message", (data, isBinary) => handlers.message(isBinary ? encodedOf(data) : data.toString()));
    socket.on("error", (error) => handlers.failed(error));
    socket.on("close", (code, reason) => handlers.closed(code, reason.toString()));
    return {
      send: (data) => socket.send(data),
      close: (code, reason) => socket.close(code, reason),
      terminate: () => socket.terminate(),
      get bufferedAmount() {
        return socket.bufferedAmount;
      },
    };
  };
}
