import { compressionThreshold, createClient, type OpenSocket, toEncoded } from "@sente-lite/engine";
import {
  type Address,
  type AnyContract,
  type ChannelSocketClient,
  type ClientOptions,
  type Codec,
  type Compression,
  clientDefaults,
  type MaybePromise,
  type Pairs,
} from "@sente-lite/protocol";
import { WebSocket } from "ws";
import { refusalOf } from "./refusal.ts";
import { canCompress, host } from "./runs-on.ts";

// types

/** Options of a client on Node: those of every runtime, and headers for the upgrade request. */
export interface NodeClientOptions<C extends AnyContract | undefined = undefined, K extends Codec = Codec>
  extends ClientOptions<C, K> {
  /** Headers of the upgrade request, such as `Authorization` or `Cookie`; as a function, asked once for each attempt. */
  readonly headers?: Pairs | (() => MaybePromise<Pairs>);
  /** Offers permessage-deflate, and compresses what is sent where the server takes it. Default: false. */
  readonly compression?: boolean | Compression;
}

/** The type of `makeChannelSocketClient`. */
export type MakeClient = <C extends AnyContract | undefined = undefined, K extends Codec = Codec>(
  url: Address,
  options?: NodeClientOptions<C, K>,
) => ChannelSocketClient<C>;

// client

/** Makes clients with these codecs: the first where the user names none. */
export function clientMaker(codecs: readonly Codec[]): MakeClient {
  return (url, options = {}) => {
    const core = {
      host,
      openSocket: socketOpener(options ?? {}),
      takesHeaders: true,
      canCompress,
      codecs,
    } as const;
    return createClient(core, url, options);
  };
}

// socket

function socketOpener(options: Pick<NodeClientOptions, "maxPayloadBytes" | "compression">): OpenSocket {
  const thresholdBytes = compressionThreshold(options);
  const perMessageDeflate =
    thresholdBytes === undefined
      ? false
      : { threshold: 0, clientNoContextTakeover: true, serverNoContextTakeover: true };
  return (url, protocols, handlers, headers) => {
    const socket = new WebSocket(url, [...protocols], {
      perMessageDeflate,
      maxPayload: options.maxPayloadBytes ?? clientDefaults.maxPayloadBytes,
      headers,
    });
    socket.binaryType = "nodebuffer";
    socket.on("message", (data, isBinary) => handlers.message(isBinary ? toEncoded(data) : data.toString()));
    let refused: Error | undefined;
    socket.on("unexpected-response", (_request, response) => {
      void refusalOf(response).then((error) => {
        refused = error;
        socket.terminate();
      });
    });
    socket.on("error", (error) => handlers.failed(refused ?? error));
    socket.on("close", (code, reason) => handlers.closed(code, reason.toString()));
    return {
      send: (data) =>
        socket.send(data, { compress: thresholdBytes !== undefined && Buffer.byteLength(data) >= thresholdBytes }),
      close: (code, reason) => socket.close(code, reason),
      terminate: () => socket.terminate(),
      get bufferedAmount() {
        return socket.bufferedAmount;
      },
    };
  };
}
