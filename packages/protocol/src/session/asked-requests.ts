import type { Codec } from "../codecs/codec.ts";
import type { SenteEvent } from "../event.ts";
import { type Answer, makeReply, readRequest } from "../wire/request-bodies.ts";
import { AskedRequest } from "./asked-request.ts";
import type { KnownSession } from "./known-session.ts";

/**
 * What a client is asked (PROTOCOL.md section 6.11). Each request is answered once, and only in the session in which it was
 * asked, since in another session the same id names another request.
 */
export class AskedRequests {
  readonly #codec: Codec;
  readonly #session: KnownSession;

  constructor(codec: Codec, session: KnownSession) {
    this.#codec = codec;
    this.#session = session;
  }

  /** Reads what a server asks; undefined where it is no request. */
  take(data: unknown): { readonly request: AskedRequest; readonly event: SenteEvent } | undefined {
    const read = readRequest(data, this.#codec.stringIds);
    return read && { event: read.event, request: new AskedRequest(read.id, this.#session.ledger) };
  }

  /** True while an answer is wanted. */
  isOpen({ ledger, isAnswered }: AskedRequest): boolean {
    return ledger === this.#session.ledger && !isAnswered;
  }

  /** The event that answers. */
  replyTo({ id }: AskedRequest, answer: Answer): SenteEvent {
    return makeReply(id, answer);
  }
}
