import { type ChannelSocketClient, type ClientMessage, type SenteEvent, UsageError } from "@sente-lite/protocol";
import { whenSettled } from "@sente-lite/protocol/calls";
import type { Gate, Verdict } from "@sente-lite/protocol/contract";
import type { ClientSession, Settlement } from "@sente-lite/protocol/session";
import { DELIVERY, type Message, type Peer, UNHANDLED } from "../delivery.ts";
import { clientEvents } from "../handled-ids.ts";
import type { Host } from "../host.ts";
import { Incoming, type IncomingLimits, type Paced, type Place } from "../incoming.ts";
import { createReceiver, type ReceiverSource } from "../receiver.ts";
import type { Replies } from "../replies.ts";
import { checkReply } from "../requests.ts";
import type { ClientErrors } from "./errors.ts";
import type { StateKeeper } from "./state.ts";

type ReceivedMessage = ClientMessage & Message;
/** Judges an event by the contract; undefined where there is none. */
type Check = (event: SenteEvent) => Verdict | Promise<Verdict> | undefined;

/** Who takes an event, once it was checked; `refuse` is told of one that does not keep the contract. */
interface Taker {
  readonly deliver: (place: Place, event: SenteEvent) => void;
  readonly refuse?: (verdict: Extract<Verdict, { ok: false }>) => void;
}

export interface ClientIncomingOptions {
  readonly host: Host;
  readonly session: ClientSession;
  /** Machine time. */
  readonly now: () => number;
  readonly limits: IncomingLimits;
  /** What checks arrivals, where there is a contract. */
  readonly gate: Gate | undefined;
  readonly state: StateKeeper;
  readonly errors: ClientErrors;
  readonly sendFn: ChannelSocketClient["sendFn"];
}

/** What came for a client, in one queue from the socket to its handlers: each is checked, then handled. */
export class ClientIncoming implements Peer, Paced {
  readonly #options: ClientIncomingOptions;
  readonly #queue: Incoming;
  readonly #source: ReceiverSource<ReceivedMessage>;

  constructor(options: ClientIncomingOptions) {
    const { limits } = options;
    this.#options = options;
    this.#queue = new Incoming({ peer: this, limits });
    this.#source = createReceiver(limits, clientEvents);
  }

  get receiver(): ReceiverSource<ReceivedMessage>["receiver"] {
    return this.#source.receiver;
  }

  /** Takes an event that weighs so much; 0 for one that this side made up. */
  takeEvent(event: SenteEvent, bytes: number, check: Check = (one) => this.#options.gate?.event(one)): void {
    this.takeRoomEvent(event, bytes, check, (place, checked) => void this.#deliver(place, checked));
  }

  /** Takes an event to which the server wants an answer. */
  takeRequest(event: SenteEvent, bytes: number, replies: Replies): void {
    const { gate } = this.#options;
    const deliver = (place: Place, checked: SenteEvent) => {
      if (!this.#deliver(place, checked, replies)) replies.replyWithError(UNHANDLED);
    };
    this.#enqueue(event, bytes, (one) => gate?.event(one), {
      deliver,
      refuse: ({ error, told }) => replies.replyWithError({ code: error.code, message: told, data: null }),
    });
  }

  /** Takes an event that is not for `receiver`: checks it with `check`, and gives it to `deliver`. */
  takeRoomEvent(
    event: SenteEvent,
    bytes: number,
    check: Check,
    deliver: (place: Place, event: SenteEvent) => void,
  ): void {
    this.#enqueue(event, bytes, check, { deliver });
  }

  #enqueue(event: SenteEvent, bytes: number, check: Check, { deliver, refuse }: Taker): void {
    const { errors } = this.#options;
    this.#queue.put(bytes, (place) => {
      const verdict = check(event);
      if (verdict === undefined) {
        deliver(place, event);
        return undefined;
      }
      return whenSettled<Verdict>(verdict, (settled) => {
        if (place.isVoid) return;
        const [id] = event;
        if (settled.ok) {
          deliver(place, settled.value === undefined ? [id] : [id, settled.value]);
          return;
        }
        errors.report(settled.error, { source: "contract", event: id });
        refuse?.(settled);
      });
    });
  }

  /** Takes how a request of an event ended: with a contract its reply is checked, after what arrived before it. */
  takeSettlement(eventId: string, given: Settlement, bytes: number, settle: (settlement: Settlement) => void): void {
    const { gate, errors } = this.#options;
    if (gate === undefined || !given.ok) {
      settle(given);
      return;
    }
    const { value } = given;
    const isTaken = this.#queue.put(bytes, () =>
      checkReply(gate, { eventId, value }, (error, context) => errors.report(error, context), settle),
    );
    if (!isTaken) settle({ ok: false, code: "closed", message: "too much waits to be checked", data: null });
  }

  /** Gives up what the server sent and waits. */
  clear(): void {
    this.#queue.clear();
  }

  /** Does nothing: the user of a client consumes what it receives. Its socket is read on, and closed at the bound. */
  pause(): void {}

  resume(): void {}

  /**
   * Too much waits: the connection ends, and what else it brought is lost. The next attempt comes after the backoff.
   */
  overflow(): void {
    const { session, errors, now } = this.#options;
    // The event came from the driver, which then acts on what the session says.
    if (!session.overflow(now())) return;
    const error = new UsageError("receiver-full", "too many received events wait for a consumer");
    errors.report(error, { source: "chRecv" });
  }

  noteDropped(): void {}

  report(error: unknown, context: Readonly<Record<string, unknown>>): void {
    this.#options.errors.report(error, context);
  }

  warn(message: string): void {
    this.#options.host.log.warn(message);
  }

  /** Gives a message to the consumers; false where nobody wants it. */
  #deliver(place: Place, event: SenteEvent, replies?: Replies): boolean {
    const { state, sendFn } = this.#options;
    const [id, data] = event;
    // In one literal: made of another by a spread, it took three times as long as the rest of this.
    return this.#source.deliver({
      event,
      id,
      data,
      state: state.current,
      sendFn,
      replyFn: replies?.replyFn,
      [DELIVERY]: { peer: this, place, replyWithError: replies?.replyWithError },
    });
  }
}
