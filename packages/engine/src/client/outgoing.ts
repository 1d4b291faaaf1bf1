import type { CallbackReply, ChannelSocketClient, ClientLimits, SendOptions, SenteEvent } from "@sente-lite/protocol";
import { guard } from "@sente-lite/protocol/calls";
import type { Gate } from "@sente-lite/protocol/contract";
import { checkFunction, checkOptions, type OptionKind } from "@sente-lite/protocol/options";
import { type ClientSession, checkEvent, type RequestId, type Settlement } from "@sente-lite/protocol/session";
import { limitOf } from "../limits.ts";
import { readPatience, settlementOf } from "../requests.ts";
import type { ClientDriver } from "./driver.ts";
import type { ClientErrors } from "./errors.ts";
import type { ClientIncoming } from "./incoming.ts";
import type { StateKeeper } from "./state.ts";

export interface OutgoingOptions {
  readonly session: ClientSession;
  /** Machine time. */
  readonly now: () => number;
  readonly limits: ClientLimits;
  readonly gate: Gate | undefined;
  readonly state: StateKeeper;
  readonly errors: ClientErrors;
  readonly incoming: ClientIncoming;
  readonly driver: ClientDriver;
}

/** A request that waits for its settlement. */
interface Waiting {
  readonly eventId: string;
  readonly settle: (settlement: Settlement) => unknown;
}

/** The kinds of the options of `sendFn`, a client's and a room's. */
export const sendKinds: { readonly volatile: OptionKind } = { volatile: "boolean" };

/** What a client sends: events, and requests with who waits for their settlement. */
export class Outgoing {
  readonly #options: OutgoingOptions;
  readonly #waiting = new Map<RequestId, Waiting>();

  constructor(options: OutgoingOptions) {
    this.#options = options;
  }

  /** `sendFn`: as it is, with options, or with a callback. */
  send(...[event, how, cb]: Parameters<ChannelSocketClient["sendFn"]>): boolean {
    if (cb === undefined && typeof how === "object") return this.#sendWith(how, event);
    const { session, now } = this.#options;
    if (cb !== undefined) checkFunction("sendFn(event, timeoutMs, cb)", cb);
    const { requestTimeoutMs } = this.#options.limits;
    const timeoutMs = how === undefined ? requestTimeoutMs : limitOf("timeoutMs", how as number);
    let isAccepted: boolean;
    if (cb === undefined) {
      isAccepted = session.send(this.#check(event), now());
    } else {
      const id = this.#startRequest(event, timeoutMs, (settlement) => cb(callbackReply(settlement)));
      isAccepted = session.isWaitingFor(id);
    }
    this.#transmit();
    return isAccepted;
  }

  /** `requestFn`. */
  async request(...[event, options = {}]: Parameters<ChannelSocketClient["requestFn"]>): Promise<unknown> {
    const { timeoutMs, signal } = readPatience("requestFn", options, this.#options.limits.requestTimeoutMs);
    return settlementOf(signal, {
      begin: (settle) => {
        const id = this.#startRequest(event, timeoutMs, settle);
        return () => this.#cancel(id);
      },
      transmit: () => this.#transmit(),
    });
  }

  #sendWith(options: SendOptions | null, event: SenteEvent): boolean {
    checkOptions("sendFn", options, sendKinds);
    if (options?.volatile === true) return this.#options.driver.sendVolatile(this.#check(event));
    return this.send(event);
  }

  /** The session says how a request ended; `bytes` is what its reply weighs. */
  settle(id: RequestId, settlement: Settlement, bytes: number): void {
    const { incoming, errors } = this.#options;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (waiting === undefined) return;
    incoming.takeSettlement(waiting.eventId, settlement, bytes, (final) => {
      guard(
        () => waiting.settle(final),
        (error) => errors.report(error, { source: "reply callback" }),
      );
    });
  }

  /** Starts a request; `settle` is called once, never before this returns. */
  #startRequest(event: SenteEvent, timeoutMs: number, settle: Waiting["settle"]): RequestId {
    const { session, now } = this.#options;
    const checked = this.#check(event);
    const id = session.request(checked, timeoutMs, now());
    this.#waiting.set(id, { eventId: checked[0], settle });
    return id;
  }

  #cancel(id: RequestId): void {
    const { session, driver } = this.#options;
    session.cancel(id);
    this.#waiting.delete(id);
    driver.run();
  }

  #check(event: SenteEvent): SenteEvent {
    const checked = checkEvent(event);
    this.#options.gate?.checkSent(checked);
    return checked;
  }

  /** Sends what was accepted, if it can be sent. */
  #transmit(): void {
    const { state, driver } = this.#options;
    state.noteAccepted();
    driver.run();
  }
}

/** Sente's three answers for a request that failed, or the reply. */
function callbackReply(settlement: Settlement): CallbackReply {
  if (settlement.ok) return settlement.value;
  if (settlement.code === "closed" || settlement.code === "timeout") return `chsk/${settlement.code}`;
  return "chsk/error";
}
