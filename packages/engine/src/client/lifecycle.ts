import { UsageError } from "@sente-lite/protocol";
import type { ClientSession } from "@sente-lite/protocol/session";
import type { ClientDriver } from "./driver.ts";
import type { ClientIncoming } from "./incoming.ts";
import type { ClientRooms } from "./rooms/client-rooms.ts";
import type { SocketOpener } from "./socket-opener.ts";
import type { StateKeeper } from "./state.ts";

/** What a page's life means to a client. */
export interface Lifecycle {
  /** The network came back, or the page is looked at: a client that waits to reconnect need not wait so long. */
  hasten(): void;
  /** The page is about to stand still, and its sockets to be closed: the client closes its own, and keeps the session. */
  suspend(): void;
  /** The page goes on. */
  resume(): void;
}

/** Tells what befalls the page that a client lives in; returns the function that stops it. */
export type WatchLifecycle = (lifecycle: Lifecycle) => () => void;

export interface ClientLifecycleOptions {
  readonly session: ClientSession;
  /** Machine time. */
  readonly now: () => number;
  readonly opener: SocketOpener;
  readonly state: StateKeeper;
  readonly incoming: ClientIncoming;
  readonly rooms: ClientRooms;
  readonly driver: ClientDriver;
  readonly watch: WatchLifecycle | undefined;
}

/** When a client connects and when it ends, as its application and its page ask. */
export class ClientLifecycle {
  readonly #options: ClientLifecycleOptions;
  #stopWatching: (() => void) | undefined;
  #isClosed = false;

  constructor(options: ClientLifecycleOptions) {
    this.#options = options;
  }

  /** Throws `UsageError` `client-closed`, and what an address or a runtime cannot give. */
  connect(): void {
    const { session, now, driver } = this.#options;
    this.#prepare();
    session.connect(now());
    driver.run();
  }

  /** Throws as `connect`. */
  reconnect(): void {
    const { session, now, driver } = this.#options;
    this.#prepare();
    session.reconnect(now());
    driver.runAtOnce({ isOver: false });
  }

  disconnect(): void {
    this.#leave("disconnect");
  }

  /** As `disconnect`, for good. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#leave("close");
  }

  #prepare(): void {
    const { opener, watch, session, now, driver } = this.#options;
    if (this.#isClosed) throw new UsageError("client-closed", "the client was closed for good; make another");
    opener.prepare();
    this.#stopWatching ??= watch?.({
      hasten: () => {
        session.hasten(now());
        driver.run();
      },
      suspend: () => driver.suspend(),
      resume: () => driver.resume(),
    });
  }

  #leave(how: "disconnect" | "close"): void {
    const { session, now, state, incoming, rooms, driver } = this.#options;
    this.#stopWatching?.();
    this.#stopWatching = undefined;
    state.disconnectRequested();
    session[how](now());
    // A WebSocket delivers nothing either after its close().
    incoming.clear();
    rooms.giveUpWaiting();
    driver.runAtOnce({ isOver: true });
    // Nobody tells it any more that the page goes on.
    driver.resume();
  }
}
