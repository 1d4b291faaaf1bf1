import {
  type ClientCore,
  createClient,
  type Lifecycle,
  type WebSocketLike,
  webHost,
  webSocketOpener,
} from "@sente-lite/engine";
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

/** Each listener does nothing where there is no page, in a worker say. */
function watchLifecycle({ hasten, suspend, resume }: Lifecycle): () => void {
  const listeners: readonly (readonly [EventTarget | undefined, string, (event: Event) => void])[] = [
    [globalThis, "online", hasten],
    [globalThis.document, "visibilitychange", () => document.visibilityState === "visible" && hasten()],
    // Of a page that goes into the back/forward cache, or is frozen, Chromium closes the sockets itself, and with 1001,
    // which would end the session. A page that is not kept ends, and its session with it.
    [globalThis, "pagehide", (event) => (event as PageTransitionEvent).persisted && suspend()],
    [globalThis.document, "freeze", suspend],
    [globalThis.document, "resume", resume],
    [globalThis, "pageshow", resume],
  ];
  for (const [target, type, listener] of listeners) target?.addEventListener?.(type, listener);
  return () => {
    for (const [target, type, listener] of listeners) target?.removeEventListener?.(type, listener);
  };
}

// socket

const openSocket = webSocketOpener((url, protocols) => new WebSocket(url, [...protocols]) as WebSocketLike);
