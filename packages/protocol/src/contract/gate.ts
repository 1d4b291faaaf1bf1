import { UsageError } from "../errors.ts";
import type { SenteEvent } from "../event.ts";
import type { EventMap } from "./events.ts";
import { judge, notInContract, type Verdict } from "./verdict.ts";

/** Checks what arrives against a contract. Gives a promise only where a validator does. */
export class Gate {
  readonly #received: EventMap;
  readonly #sent: EventMap;
  readonly #eventsOf: (room: string) => EventMap;

  /**
   * Takes the events that are received here, those that are sent from here (their replies come back), and those of rooms.
   */
  constructor(received: EventMap, sent: EventMap, eventsOf: (room: string) => EventMap) {
    this.#received = received;
    this.#sent = sent;
    this.#eventsOf = eventsOf;
  }

  /** Throws `UsageError` `not-in-contract` for an event that the other side would refuse. */
  checkSent(event: SenteEvent): void {
    const [id] = event;
    if (!Object.hasOwn(this.#sent, id)) throw new UsageError("not-in-contract", `${id} is not in the contract`);
  }

  /** Judges an event that arrived. */
  event([id, data]: SenteEvent): Verdict | Promise<Verdict> {
    if (id.startsWith("chsk/")) return { ok: true, value: data };
    if (!Object.hasOwn(this.#received, id)) return notInContract(id);
    const schema = this.#received[id]?.data;
    return schema === undefined
      ? { ok: true, value: data }
      : judge(schema, data, { code: "invalid-data", what: `${id}: data` });
  }

  /** Throws `UsageError` `not-in-contract` for an event that does not belong into that room. */
  checkSentInto(room: string, [id]: SenteEvent): void {
    if (Object.hasOwn(this.#eventsOf(room), id)) return;
    throw new UsageError("not-in-contract", `${id} is not in the contract of the room ${room}`);
  }

  /** Judges an event of a room, or one that is sent into it. */
  roomEvent(room: string, [id, data]: SenteEvent): Verdict | Promise<Verdict> {
    const events = this.#eventsOf(room);
    if (!Object.hasOwn(events, id)) return notInContract(id);
    const schema = events[id]?.data;
    return schema === undefined
      ? { ok: true, value: data }
      : judge(schema, data, { code: "invalid-data", what: `${id}: data` });
  }

  /** Judges the reply to an event that was sent from here. */
  reply(id: string, value: unknown): Verdict | Promise<Verdict> {
    const schema = this.#sent[id]?.reply;
    return schema === undefined
      ? { ok: true, value }
      : judge(schema, value, { code: "invalid-reply", what: `${id}: reply` });
  }
}
