import type { Event } from "../api.ts";
import { UsageError } from "../errors.ts";
import { Lane, type Paced } from "../session/lane.ts";
import type { Settlement } from "../session/requests.ts";
import type { ReplyFailure } from "../wire/frames.ts";
import type { EventMap } from "./contract.ts";
import { judge, notInContract, type Verdict } from "./verdict.ts";

type Work = () => Promise<void> | undefined;

/** Where messages come from. */
export interface GateSource extends Paced {
  report(error: unknown, context: Readonly<Record<string, unknown>>): void;
}

/**
 * Checks what arrives against a contract, and lets through what fits. A validator may take its time: what one source
 * sends comes out in order all the same, and no more than its bound waits in here.
 */
export class Gate {
  readonly #received: EventMap;
  readonly #sent: EventMap;
  readonly #lanes = new WeakMap<GateSource, Lane<Work>>();

  /** The events that are received here, and those that are sent from here, whose replies come back. */
  constructor(received: EventMap, sent: EventMap) {
    this.#received = received;
    this.#sent = sent;
  }

  /** Throws `UsageError` `not-in-contract` for an event that the other side would refuse. */
  checkSent(event: Event): void {
    const [id] = event;
    if (!Object.hasOwn(this.#sent, id)) throw new UsageError("not-in-contract", `${id} is not in the contract`);
  }

  /** Hands on the event as its validator gives it, or says why not and what the peer is told. */
  event(
    source: GateSource,
    event: Event,
    passed: (event: Event) => void,
    refused: (error: Error, failure: ReplyFailure) => void,
  ): void {
    this.#lane(source).put(() =>
      whenJudged(this.#judgeEvent(event), (verdict) => {
        if (!verdict.ok) refused(verdict.error, { code: verdict.error.code, message: verdict.told, data: null });
        else if (verdict.value === undefined) passed([event[0]]);
        else passed([event[0], verdict.value]);
      }),
    );
  }

  /** Settles the request of that event, after what arrived before its reply. */
  reply(source: GateSource, id: string, settlement: Settlement, settle: (settlement: Settlement) => void): void {
    if (!settlement.ok) {
      settle(settlement);
      return;
    }
    const hasRoom = this.#lane(source).put(() =>
      whenJudged(this.#judgeReply(id, settlement.value), (verdict) => {
        if (verdict.ok) {
          settle({ ok: true, value: verdict.value });
          return;
        }
        const { error } = verdict;
        source.report(error, { source: "contract", event: id });
        settle({ ok: false, code: error.code, message: error.message, data: null, cause: error });
      }),
    );
    if (!hasRoom) settle({ ok: false, code: "closed", message: "too much waits to be checked", data: null });
  }

  #judgeEvent([id, data]: Event): Verdict | Promise<Verdict> {
    if (id.startsWith("chsk/")) return { ok: true, value: data };
    if (!Object.hasOwn(this.#received, id)) return notInContract(id);
    const schema = this.#received[id]?.data;
    return schema === undefined
      ? { ok: true, value: data }
      : judge(schema, data, { code: "invalid-data", what: `${id}: data` });
  }

  #judgeReply(id: string, value: unknown): Verdict | Promise<Verdict> {
    const schema = this.#sent[id]?.reply;
    return schema === undefined
      ? { ok: true, value }
      : judge(schema, value, { code: "invalid-reply", what: `${id}: reply` });
  }

  #lane(source: GateSource): Lane<Work> {
    const lane = this.#lanes.get(source);
    if (lane !== undefined) return lane;
    const added = new Lane<Work>(source, 1, (work) => work());
    this.#lanes.set(source, added);
    return added;
  }
}

function whenJudged(verdict: Verdict | Promise<Verdict>, then: (verdict: Verdict) => void): Promise<void> | undefined {
  if (verdict instanceof Promise) return verdict.then(then);
  then(verdict);
  return undefined;
}
