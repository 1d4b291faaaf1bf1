import type { SenteError } from "../errors.ts";
import type { SenteEvent } from "../event.ts";
import type { Frame } from "../wire/frames.ts";
import type { LoginParams } from "../wire/login-params.ts";
import type { Settlement } from "../wire/settlement.ts";
import type { NamedSession } from "../wire/subprotocols.ts";
import type { AskedRequest } from "./asked-request.ts";
import type { RequestId } from "./requests.ts";

/** What a `ClientSession` has to say to its driver. */
export type ClientOutput =
  /**
   * Open a socket, and name `session`. `attempt` rises for the life of the client. What an earlier socket says is no
   * longer of interest.
   */
  | { readonly type: "open"; readonly attempt: number; readonly session: NamedSession | undefined }
  /** Close the socket; nothing that it still says is of interest. */
  | { readonly type: "close"; readonly code: number; readonly reason: string }
  /** The status changed. */
  | { readonly type: "state" }
  /** `bytes` is what it weighs while it waits for its handler; 0 where this side made it up. */
  | {
      readonly type: "event";
      readonly event: SenteEvent;
      readonly bytes: number;
      /** Where the server asks: what `answer` takes. */
      readonly request?: AskedRequest;
    }
  /** `bytes` as of an event: what the reply weighs while it waits to be checked. */
  | { readonly type: "settle"; readonly id: RequestId; readonly settlement: Settlement; readonly bytes: number }
  | { readonly type: "report"; readonly error: SenteError }
  /** The server of that connection asks for a new login: what `answerRefresh` takes. */
  | { readonly type: "refresh"; readonly connection: object }
  /** Events that were accepted and will not be sent; `message` says why, where a rule of this client is the reason. */
  | { readonly type: "undelivered"; readonly events: readonly SenteEvent[]; readonly message?: string }
  /** The session was lost: what the server pushed meanwhile is lost, and these events may have arrived or not. */
  | { readonly type: "gap"; readonly sessionId: string; readonly inDoubt: readonly SenteEvent[] };

/** What a `ServerSession` has to say to its driver. */
export type ServerOutput =
  /** `bytes` is what it weighs while it waits for its handler; 0 where the connection's own life made it. */
  | {
      readonly type: "event";
      readonly event: SenteEvent;
      readonly cbId: string | null;
      readonly bytes: number;
      /** True where it is worth nothing later (section 6.12). */
      readonly isVolatile?: boolean;
    }
  /** A request ended; `bytes` as of an event: what the reply weighs while it waits to be checked. */
  | { readonly type: "settle"; readonly id: RequestId; readonly settlement: Settlement; readonly bytes: number }
  | { readonly type: "close"; readonly code: number; readonly reason: string }
  /** The client logs in anew, as it was asked to. */
  | { readonly type: "refresh"; readonly params: LoginParams }
  /** The login of the connection has ended; a close follows. */
  | { readonly type: "login-expired" }
  /** The peer's fault; or an event of ours that could not be sent. */
  | { readonly type: "report"; readonly error: SenteError; readonly event?: SenteEvent }
  /** The policy `drop-oldest` left a push out; the first since there was room. */
  | { readonly type: "dropped"; readonly frame: Frame; readonly isFirst: boolean }
  /** The session is over, and where it had an id, these frames are not known to have arrived. */
  | {
      readonly type: "ended";
      readonly reason: string;
      readonly cause: EndCause;
      readonly undelivered: readonly Frame[];
    };

/** left: its client said so; lost: its connection broke, and its client did not come back; closed: this side ended it. */
export type EndCause = "left" | "lost" | "closed";

/** A queue that is drained by a cursor: cheaper than shifting, and emptied when it was read to its end. */
export class Outputs<T extends { readonly type: string }> {
  #items: T[] = [];
  #at = 0;
  #events = 0;

  /** True while the driver has an event to take yet, for which there may be no place. */
  get hasEvents(): boolean {
    return this.#events > 0;
  }

  push(item: T): void {
    this.#items.push(item);
    if (item.type === "event") this.#events++;
  }

  poll(): T | undefined {
    const item = this.#items[this.#at];
    if (item === undefined) return undefined;
    if (item.type === "event") this.#events--;
    if (++this.#at === this.#items.length) {
      // One that is alone leaves its room to the next.
      if (this.#at === 1) this.#items.pop();
      else this.#items = [];
      this.#at = 0;
    }
    return item;
  }
}
