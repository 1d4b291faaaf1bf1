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
  const core: ClientCore = { host: webHost, openSocket, resolveUrl, watchLifecycle };
  return (url, options) => createClient(codec === undefined ? core : { ...core, codec }, url, options);
}

/** As in Sente: a path is on the page's own host, and `https:` means `wss:`. */
function resolveUrl(url: string): string {
  return new URL(url, globalThis.location?.href).href;
}

/** The network came back, or somebody looks at the page: a client that waits to reconnect need not wait so long. */
function watchLifecycle(hasten: () => void): () => void {
  const whenVisible = () => {
    if (document.visibilityState === "visible") hasten();
  };
  globalThis.addEventListener?.("online", hasten);
  globalThis.document?.addEventListener("visibilitychange", whenVisible);
  return () => {
    globalThis.removeEventListener?.("online", hasten);
    globalThis.document?.removeEventListener("visibilitychange", whenVisible);
  };
}

// socket

const openSocket = webSocketOpener((url, protocols) => new WebSocket(url, [...protocols]) as WebSocketLike);
