import { ProtocolError } from "../errors.ts";
import type { SenteEvent } from "../event.ts";
import { addEventName } from "../wire/event.ts";
import { type Frame, requestFrame } from "../wire/frames.ts";
import { readReply } from "../wire/request-bodies.ts";
import type { Settlement } from "../wire/settlement.ts";
import type { Backlog } from "./backlog.ts";
import { makeTooLarge } from "./batch.ts";
import { type RequestId, Requests } from "./requests.ts";
import type { ServerParts, ServerSessionOptions } from "./server-session-options.ts";
import { weighAlone } from "./shares.ts";

/** What goes with a session to another process: which ids were given out, and of which an answer may still come. */
export interface ServerRequestsState {
  readonly lastId: RequestId;
  readonly givenUp: readonly RequestId[];
}

type Options = Pick<ServerSessionOptions, "codec" | "limits">;

/**
 * What a server asked one client, and waits for (PROTOCOL.md section 6.11). Each request is settled once, by an output: with
 * the client's answer, or with the code that says why there is none.
 */
export class ServerRequests {
  readonly #options: Options;
  readonly #parts: ServerParts;
  readonly #backlog: Backlog;
  readonly #open = new Requests();
  /** Those that nobody waits for and whose answer may still come: it is no fault of the client's. */
  readonly #givenUp = new Set<RequestId>();

  constructor(options: Options, parts: ServerParts, backlog: Backlog) {
    this.#options = options;
    this.#parts = parts;
    this.#backlog = backlog;
  }

  /** True while an answer is waited for. */
  get areOpen(): boolean {
    return this.#open.size > 0;
  }

  /** When the next request is due; may be early. */
  get deadline(): number | undefined {
    return this.#open.deadline;
  }

  /**
   * Begins a request, after what was pushed before; its settlement follows, at once where there is no place for one more.
   * Throws `EncodeError`; then nothing was begun.
   */
  begin(event: SenteEvent, deadline: number): RequestId {
    const { maxRequestsPerConnection } = this.#options.limits;
    const isFull = this.#open.size >= maxRequestsPerConnection;
    const { id } = this.#open.add(deadline);
    if (isFull) {
      const message = "too many requests wait for this client's answer (maxRequestsPerConnection)";
      this.#settle(id, failure("too-many-requests", message));
      return id;
    }
    try {
      const frame = this.#frameOf(id, event);
      this.#backlog.flush();
      this.#backlog.append([frame]);
    } catch (error) {
      this.#open.settle(id);
      throw error;
    }
    return id;
  }

  /** Settles a request that is begun when the session is over. */
  refuse(): RequestId {
    const { id } = this.#open.add(0);
    this.end();
    return id;
  }

  /** The caller no longer waits: taken out where it was never transmitted, else its answer is dropped. */
  cancel(id: RequestId): void {
    if (this.#open.settle(id)) this.#giveUp(id);
  }

  /** Settles the requests that are due. */
  expire(now: number): void {
    for (const { id } of this.#open.takeDue(now)) {
      this.#giveUp(id);
      this.#tell(id, failure("timeout", "no reply in time"));
    }
  }

  /** The client answered; `bytes` is what its frame weighs. What it was not asked is its fault, and changes nothing. */
  settleReply([, data]: SenteEvent, bytes: number): void {
    const reply = readReply(data);
    if (reply !== undefined && this.#open.has(reply.id)) {
      this.#settle(reply.id, reply.settlement, weighAlone(data, bytes));
    } else if (reply === undefined || !this.#givenUp.delete(reply.id)) {
      const error = new ProtocolError(
        "bad-reply",
        "the peer answered what it was not asked, or twice, or with no reply",
      );
      this.#parts.outputs.push({ type: "report", error });
    }
  }

  /**
   * The session goes to another process. Who asked stays here, and is told that there will be no answer; what was never
   * transmitted is taken out, and an answer to the rest is no fault there either.
   */
  release(): ServerRequestsState {
    for (const { id } of this.#open.takeWhere(() => true)) {
      this.#giveUp(id);
      this.#tell(id, failure("closed", "the client's session went to another server before the reply"));
    }
    return { lastId: this.#open.lastId, givenUp: [...this.#givenUp] };
  }

  /** Takes up what was released elsewhere. */
  restore({ lastId, givenUp }: ServerRequestsState): void {
    this.#open.goOnAfter(lastId);
    for (const id of givenUp) this.#givenUp.add(id);
  }

  /** The session is over: nobody answers any more. */
  end(): void {
    for (const { id } of this.#open.takeWhere(() => true)) {
      this.#tell(id, failure("closed", "the client's session ended before the reply"));
    }
    this.#givenUp.clear();
  }

  #frameOf(id: RequestId, event: SenteEvent): Frame {
    const { codec, limits } = this.#options;
    try {
      const frame = requestFrame(codec, id, event);
      if (frame.bytes <= limits.maxPayloadBytes) return frame;
      throw makeTooLarge(frame.bytes, limits.maxPayloadBytes);
    } catch (error) {
      throw addEventName(error, event[0]);
    }
  }

  #giveUp(id: RequestId): void {
    const { limits } = this.#options;
    if (this.#backlog.ledger.log.removeWaiting(({ requestId }) => requestId === id) !== undefined) return;
    this.#givenUp.add(id);
    const [oldest] = this.#givenUp;
    if (this.#givenUp.size > limits.maxRequestsPerConnection && oldest !== undefined) this.#givenUp.delete(oldest);
  }

  #settle(id: RequestId, settlement: Settlement, bytes = 0): void {
    if (this.#open.settle(id)) this.#tell(id, settlement, bytes);
  }

  #tell(id: RequestId, settlement: Settlement, bytes = 0): void {
    this.#parts.outputs.push({ type: "settle", id, settlement, bytes });
  }
}

function failure(code: string, message: string): Settlement {
  return { ok: false, code, message, data: null };
}
