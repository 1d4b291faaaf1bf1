import type { VirtualClock } from "@sente-lite/protocol/testing";
import type { Packet } from "./pipe.ts";
import type { SideName, Wire } from "./wire.ts";

/** What happened in a run, in order, for a diagram. */
export type Trace =
  /** A frame, a close, or a request and its refusal, at the time at which it arrived or got lost. */
  | {
      readonly type: "arrow";
      readonly at: number;
      readonly sentAt: number;
      readonly client: number | undefined;
      readonly from: "client" | "server";
      readonly text: string;
      readonly arrived: boolean;
    }
  | { readonly type: "note"; readonly at: number; readonly who: number | "server"; readonly text: string }
  /** The connection of a client breaks. */
  | { readonly type: "break"; readonly at: number; readonly who: number };

/** Takes down what happens, where somebody wants to see it. */
export class Tracing {
  readonly traces: Trace[] = [];
  readonly #clock: VirtualClock;
  readonly #isOn: boolean;

  constructor(clock: VirtualClock, isOn: boolean) {
    this.#clock = clock;
    this.#isOn = isOn;
  }

  note(who: number | "server", text: string): void {
    if (this.#isOn) this.traces.push({ type: "note", at: this.#clock.now, who, text });
  }

  breaks(who: number): void {
    if (this.#isOn) this.traces.push({ type: "break", at: this.#clock.now, who });
  }

  arrow(wire: Wire, from: SideName, text: string, sentAt: number, arrived: boolean): void {
    if (!this.#isOn) return;
    this.traces.push({ type: "arrow", at: this.#clock.now, sentAt, client: wire.tab, from, text, arrived });
  }

  packet(wire: Wire, from: SideName, packet: Packet, sentAt: number, arrived: boolean): void {
    if (packet.type === "frame") this.arrow(wire, from, packet.data, sentAt, arrived);
    else if (packet.isEcho !== true) {
      const text = packet.code === 1006 ? "reset" : `close ${packet.code} ${packet.reason}`.trimEnd();
      this.arrow(wire, from, text, sentAt, arrived);
    }
  }

  request(wire: Wire, arrived: boolean): void {
    if (!this.#isOn) return;
    const [, attempt] = /attempt=(\d+)/.exec(wire.url) ?? [];
    const named = wire.protocols.find((name) => name.startsWith("session."));
    const text = `GET attempt=${attempt}${named === undefined ? "" : ` ${named}`}`;
    this.arrow(wire, "client", text, wire.askedAt, arrived);
  }
}
