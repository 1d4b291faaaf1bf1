import {
  type ClientCore,
  createClient,
  type Lifecycle,
  type WebSocketLike,
  webHost,
  webSocketOpener,
} from "@sente-lite/engine/client";
import {
  type Address,
  type AnyContract,
  type ChannelSocketClient,
  type ClientOptions,
  type Codec,
  UsageError,
} from "@sente-lite/protocol";

// types

/** The type of `makeChannelSocketClient`. */
export type MakeClient = <C extends AnyContract | undefined = undefined, K extends Codec = Codec>(
  url: Address,
  options?: ClientOptions<C, K>,
) => ChannelSocketClient<C>;

// client

/** Makes clients with these codecs: the first where the user names none. */
export function clientMaker(codecs: readonly Codec[]): MakeClient {
  const core: ClientCore = { host: webHost, openSocket, resolveUrl, watchLifecycle, codecs };
  return (url, options) => createClient(core, url, options);
}

/**
 * As the page's own `WebSocket` and `fetch` resolve it: by `<base>`, and in a frame without an address of its own by that
 * of the page around it. A document or worker made of a blob is taken to be where the blob was made.
 */
function resolveUrl(url: string): string {
  // React Native's URL adds a slash to what it is given.
  if (/^(?:wss?|https?):\/\//i.test(url)) return url;
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  try {
    return new URL(url, base?.replace(/^blob:/, "")).href;
  } catch (cause) {
    throw new UsageError("bad-url", `not an address, or nothing here to resolve it by: ${url.slice(0, 200)}`, {
      cause,
    });
  }
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
