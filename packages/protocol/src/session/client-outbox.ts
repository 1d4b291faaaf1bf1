import type { Codec } from "../codecs/codec.ts";
import { EncodeError } from "../errors.ts";
import type { SenteEvent } from "../event.ts";
import type { ClientLimits } from "../limits.ts";
import { addEventName } from "../wire/event.ts";
import { isUnderstood, requestIds } from "../wire/feature-events.ts";
import { allFeatures, type FeatureSet } from "../wire/features.ts";
import { eventFrame, type Form, type Frame, volatileFrame } from "../wire/frames.ts";
import { readClientFrame } from "../wire/read-client-frame.ts";
import { replyFailure } from "../wire/read-server-frame.ts";
import type { Settlement } from "../wire/settlement.ts";
import { makeTooLarge } from "./batch.ts";
import type { Link } from "./link.ts";
import { Log } from "./log.ts";
import type { ClientOutput, Outputs } from "./outputs.ts";
import { Pace } from "./pace.ts";
import { cbIdOf, type OpenRequest, type RequestId, Requests } from "./requests.ts";
import { weighAlone } from "./shares.ts";

/** So many times its bounds a client accepts in one turn while the server takes what it is sent. */
const BURST = 32;

export interface ClientOutboxOptions {
  readonly codec: Codec;
  readonly limits: ClientLimits;
  readonly onSessionLost: "report" | "resend";
  readonly outputs: Outputs<ClientOutput>;
}

/** An event that was accepted, as it will be transmitted; with a request, a reply is wanted. */
export interface Accepted {
  readonly event: SenteEvent;
  readonly request: OpenRequest | undefined;
  frame: Frame;
  form: Form;
  readonly bytes: number;
}

/** What is known of the server: how it speaks, and what its session takes while that is connected. */
export interface Peer {
  readonly form: Form;
  readonly features: FeatureSet;
  readonly maxFrameBytes: number;
}

/**
 * What a client accepted and is not done with: events that wait to be transmitted or acknowledged, and requests without
 * a reply (PROTOCOL.md sections 6.5 to 6.7). It outlives connections and sessions, and tells of all that it gives up.
 */
export class ClientOutbox {
  readonly log: Log<Accepted>;
  readonly pace: Pace<Accepted>;
  readonly #options: ClientOutboxOptions;
  readonly #outputs: Outputs<ClientOutput>;
  readonly #requests = new Requests();

  constructor(options: ClientOutboxOptions) {
    const { maxQueuedFrames, maxQueuedBytes, highWaterBytes } = options.limits;
    this.log = new Log(maxQueuedFrames, maxQueuedBytes);
    this.pace = new Pace(this.log, highWaterBytes, Number.POSITIVE_INFINITY);
    this.#options = options;
    this.#outputs = options.outputs;
  }

  /** When the next request is due; may be early. */
  get deadline(): number | undefined {
    return this.#requests.deadline;
  }

  /** Accepts an event; false where too many wait. Throws `EncodeError`. */
  accept(event: SenteEvent, peer: Peer, request?: OpenRequest): boolean {
    const frame = this.#frameOf(event, peer, request);
    if (!this.#hasRoom(frame.bytes)) return false;
    this.log.append({ event, request, frame, form: peer.form, bytes: frame.bytes });
    return true;
  }

  /** Writes an event that is not accepted, but sent now or never. Throws `EncodeError`. */
  writeVolatile(event: SenteEvent, peer: Peer): Frame {
    return this.#writeFrame(event, peer, () => volatileFrame(this.#options.codec, event));
  }

  /** Accepts a request, or settles it at once; without a `peer` the client is closed for good. Throws `EncodeError`. */
  acceptRequest(event: SenteEvent, peer: Peer | undefined, deadline: number): RequestId {
    const request = this.#requests.add(deadline);
    try {
      if (peer === undefined) this.#settle(request.id, failure("closed", "the client is closed"));
      else if (!this.accept(event, peer, request)) this.#settle(request.id, failure("queue-full", QUEUE_FULL));
    } catch (error) {
      this.#requests.settle(request.id);
      throw error;
    }
    return request.id;
  }

  /** True while a request has no settlement. */
  isWaitingFor(id: RequestId): boolean {
    return this.#requests.has(id);
  }

  isOpenRequest(cbId: string): boolean {
    return this.#requests.findByCbId(cbId) !== undefined;
  }

  /** The caller no longer waits: takes the request out where it was never transmitted, else its reply will be dropped. */
  cancel(id: RequestId): void {
    if (this.#requests.settle(id)) this.#takeOut(id);
  }

  /** Rejects the requests that are due. */
  expire(now: number): void {
    for (const request of this.#requests.takeDue(now)) {
      this.#takeOut(request.id);
      this.#tellFailure(request, failure("timeout", "no reply in time"));
    }
  }

  /** A reply came; `bytes` is what its frame weighs. */
  settleReply(cbId: string, value: unknown, bytes: number): void {
    const request = this.#requests.findByCbId(cbId);
    // A reply to a ping, or one that came too late.
    if (request === undefined) return;
    request.answered = true;
    const failed = replyFailure(value, this.#options.codec.stringIds);
    if (failed === undefined) this.#settle(request.id, { ok: true, value }, weighAlone(value, bytes));
    else this.#settle(request.id, { ok: false, ...failed });
  }

  /** The next frame to transmit, as that server wants it; what it cannot take is given up. */
  nextFrame(link: Link<Accepted>, peer: Peer): Frame | undefined {
    for (;;) {
      const entry = link.nextLogged();
      if (entry === undefined) return undefined;
      // It may have been accepted before the handshake told what the server knows, its form, and its limit.
      if (!isUnderstood(entry.event[0], "c->s", peer.features)) {
        this.log.removeLastTransmitted();
        this.#giveUp(entry, "unsupported", "the server does not know what this event asks for");
        continue;
      }
      if (entry.form !== peer.form && !this.#reframe(entry, peer)) continue;
      if (entry.frame.bytes > peer.maxFrameBytes) {
        this.log.removeLastTransmitted();
        this.#giveUp(entry, "too-large", "a frame is over the server's limit");
        continue;
      }
      if (entry.request !== undefined) entry.request.transmitted = true;
      return entry.frame;
    }
  }

  /** Gives up the frame on which the server closed; it is out of the log already. */
  giveUpTooBig(entry: Accepted): void {
    this.#giveUp(entry, "too-large", "the server closed on a frame that is too big for it");
  }

  /** Rejects requests whose reply can no longer come, as the connection was lost and has no session. */
  rejectTransmitted(): void {
    for (const request of this.#requests.takeWhere(({ transmitted }) => transmitted)) {
      this.#tellFailure(request, failure("closed", "the connection was lost before the reply"));
    }
  }

  /** Sorts what a lost session held (section 6.5): in doubt, or to be sent in the next one. */
  sortLost(sessionId: string): void {
    this.#takeAnswered();
    const inDoubt = this.#options.onSessionLost === "report" ? this.log.takeTransmitted() : [];
    this.log.rewind();
    // A request is sent again or rejected: nobody waits for a reply that cannot come.
    const held = new Set(this.log.entries().map(({ request }) => request?.id));
    for (const request of this.#requests.takeWhere((request) => request.transmitted && !held.has(request.id))) {
      this.#tellFailure(request, failure("closed", "the session was lost before the reply"));
    }
    this.#outputs.push({ type: "gap", sessionId, inDoubt: eventsOf(inDoubt) });
  }

  /** Drops the answers that wait: the session in which the server asked is over. */
  dropAnswers(): void {
    this.log.removeAllWaiting(({ event }) => isAnswer(event));
  }

  /** Gives up all that was accepted; `message` says why, where a rule of this client is the reason. */
  giveUpAll(message?: string): void {
    this.#takeAnswered();
    const events = eventsOf(this.log.clear());
    for (const request of this.#requests.takeWhere(() => true)) {
      this.#tellFailure(request, failure("closed", message ?? "the client was closed"));
    }
    if (events.length > 0)
      this.#outputs.push({ type: "undelivered", events, ...(message !== undefined && { message }) });
  }

  /** True where the bounds allow it. They are for what the server failed to take: while it takes, one turn may make more. */
  #hasRoom(bytes: number): boolean {
    if (this.pace.hasRoom(bytes)) return true;
    const { maxQueuedFrames, maxQueuedBytes } = this.#options.limits;
    const burst = { frames: (BURST - 1) * maxQueuedFrames, bytes: (BURST - 1) * maxQueuedBytes };
    return this.pace.isTaking && this.log.hasRoom(bytes, burst);
  }

  /** Encodes at once: the caller learns of errors, and may change the data afterwards. */
  #frameOf(event: SenteEvent, peer: Peer, request: OpenRequest | undefined): Frame {
    const cbId = request === undefined ? null : cbIdOf(request.id);
    return this.#writeFrame(event, peer, () => eventFrame(this.#options.codec, peer.form, event, cbId));
  }

  #writeFrame(event: SenteEvent, { maxFrameBytes }: Peer, write: () => Frame): Frame {
    const maxBytes = Math.min(this.#options.limits.maxPayloadBytes, maxFrameBytes);
    try {
      const frame = write();
      if (frame.bytes <= maxBytes) return frame;
      throw makeTooLarge(frame.bytes, maxBytes);
    } catch (error) {
      throw isAnswer(event) ? unwrapAnswer(error) : addEventName(error, event[0]);
    }
  }

  /** Encodes in another form. False where that cannot be: the entry is given up. */
  #reframe(entry: Accepted, peer: Peer): boolean {
    const { codec } = this.#options;
    try {
      // As it was accepted: the caller may have changed the data since.
      const accepted = readClientFrame(codec.decode(entry.frame.data), codec.stringIds, allFeatures);
      entry.frame = this.#frameOf(accepted.type === "event" ? accepted.event : entry.event, peer, entry.request);
      entry.form = peer.form;
      return true;
    } catch (cause) {
      this.log.removeLastTransmitted();
      const error = new EncodeError("encode-failed", "an accepted event cannot be encoded again", { cause });
      this.#outputs.push({ type: "report", error });
      this.#giveUp(entry, "encode-failed", "the event cannot be encoded again");
      return false;
    }
  }

  /** An event that was accepted cannot be sent after all. */
  #giveUp({ event, request }: Accepted, code: string, message: string): void {
    this.#outputs.push({ type: "undelivered", events: [event] });
    if (request !== undefined) this.#settle(request.id, failure(code, message));
  }

  /** Lets go of what was answered, and of all before it: the server had taken it over. */
  #takeAnswered(): void {
    this.log.acknowledge(this.log.entries().findLastIndex(({ request }) => request?.answered) + 1);
  }

  #takeOut(id: RequestId): void {
    this.log.removeWaiting(({ request }) => request?.id === id);
  }

  #settle(id: RequestId, settlement: Settlement, bytes = 0): void {
    if (this.#requests.settle(id)) this.#outputs.push({ type: "settle", id, settlement, bytes });
  }

  /** Settles a request that is out of the table already. */
  #tellFailure({ id }: OpenRequest, settlement: Settlement): void {
    this.#outputs.push({ type: "settle", id, settlement, bytes: 0 });
  }
}

const QUEUE_FULL = "too many events wait to be sent (maxQueuedFrames, maxQueuedBytes)";

function isAnswer([id]: SenteEvent): boolean {
  return id === requestIds.reply;
}

/** The events of the application. Answers are left out: the server itself tells who waited that the session is over. */
function eventsOf(entries: readonly Accepted[]): readonly SenteEvent[] {
  return entries.map(({ event }) => event).filter((event) => !isAnswer(event));
}

/** The error with its path from the value that the application gave, without what an answer is wrapped in. */
function unwrapAnswer(error: unknown): unknown {
  return error instanceof EncodeError ? error.within(1) : error;
}

function failure(code: string, message: string): Settlement {
  return { ok: false, code, message, data: null };
}
