import type { ClientClosed, SenteEvent } from "@sente-lite/protocol";
import type { EndCause } from "@sente-lite/protocol/session";

/**
 * Why nobody waits for a client any more: it left, the application threw it out, or it cannot read our handshake.
 */
export type WhyOver = "left" | "expelled" | "unreadable";

/** What a life wants of its server, and of the queue of its client. */
export interface ClientLifeOptions {
  readonly client: { readonly uid: string | null; readonly clientId: string };
  readonly shutdown: { readonly isReady: boolean };
  /** Takes an event of ours into the queue of what came from the client. */
  readonly announce: (event: SenteEvent) => void;
}

/** The life of one client, as its application is told of it: that it came, that it went, and why. */
export class ClientLife {
  readonly #options: ClientLifeOptions;
  #isAnnounced = false;
  #whyOver: WhyOver | undefined;

  constructor(options: ClientLifeOptions) {
    this.#options = options;
  }

  /** Undefined also where it ended against its client's will, so that what waited in its session is lost. */
  get whyOver(): WhyOver | undefined {
    return this.#whyOver;
  }

  /** Nobody waits for it from now on. */
  noteOver(why: WhyOver): void {
    this.#whyOver = why;
  }

  /** It began at another server, which told of that. */
  noteAnnounced(): void {
    this.#isAnnounced = true;
  }

  /** Tells of a client that has come. */
  announceOpen(): void {
    this.#isAnnounced = true;
    const { uid, clientId } = this.#options.client;
    this.#options.announce(["chsk/client-open", { uid, clientId }]);
  }

  /** Its session is over: tells of that, where it was told that the client had come. */
  announceClose(cause: EndCause): void {
    if (!this.#isAnnounced) return;
    const { uid, clientId } = this.#options.client;
    const closed: ClientClosed = { uid, clientId, reason: this.#reasonOf(cause) };
    this.#options.announce(["chsk/client-close", closed]);
  }

  #reasonOf(cause: EndCause): ClientClosed["reason"] {
    if (cause !== "closed") return cause;
    if (this.#whyOver === "expelled") return "disconnected";
    return this.#options.shutdown.isReady ? "failed" : "server-closed";
  }
}
