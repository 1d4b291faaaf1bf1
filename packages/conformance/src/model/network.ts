import type { Decision } from "@sente-lite/engine";
import type { VirtualClock } from "@sente-lite/protocol/testing";
import type { Actor } from "./actor.ts";
import type { House } from "./house.ts";
import { type Line, newLine } from "./line.ts";
import type { Setup } from "./schedule.ts";
import type { Tracing } from "./trace.ts";
import { Wire, type WireObserver, type WireOptions } from "./wire.ts";

/** What the network knows of the world. */
export interface NetworkWorld {
  readonly setup: Setup;
  readonly clock: VirtualClock;
  readonly random: () => number;
  readonly tracing: Tracing;
  readonly observer: WireObserver;
  /** Who is at an end that is nobody's. */
  readonly nobody: Actor;
  /** The server to which an attempt gets, if any. */
  readonly houseOf: (wire: Wire) => House | undefined;
  /** A house has judged an attempt. */
  readonly noteJudged: (wire: Wire, house: House) => void;
}

/** Who opens a connection. */
export type Attempt = Pick<WireOptions, "url" | "protocols" | "uid" | "client" | "tab"> & {
  readonly link: Line;
};

/** Between clients and servers: attempts to connect, until there is a connection or a refusal. */
export class Network {
  readonly wires: Wire[] = [];
  /** Attempts that nobody waits for. */
  ghosts = 0;
  /** Attempts that a server is judging. */
  judging = 0;
  readonly #world: NetworkWorld;

  constructor(world: NetworkWorld) {
    this.#world = world;
  }

  /** A client tries to connect. */
  open(attempt: Attempt): Wire {
    const { clock, tracing } = this.#world;
    const { link: line, url, protocols, uid } = attempt;
    const wire = this.#newWire(attempt);
    const openMs = line.openMs ?? line.latencyMs;
    if (line.isUp) clock.after(openMs, () => this.#arrive(wire));
    else {
      tracing.request(wire, false);
      clock.after(50, () => wire.client.end(1006, ""));
    }
    if (line.duplicate !== undefined && line.isUp) {
      const { afterMs, staysMs } = line.duplicate;
      line.duplicate = undefined;
      this.openGhost(url, protocols, uid, openMs + afterMs, staysMs);
    }
    return wire;
  }

  /** An attempt that nobody waits for gets to the server. */
  openGhost(url: string, protocols: readonly string[], uid: string, afterMs: number, staysMs: number): void {
    const { clock, nobody } = this.#world;
    this.ghosts++;
    const wire = this.#newWire({ url, protocols, uid, client: nobody, link: newLine(20), tab: undefined });
    clock.after(afterMs, () => this.#arrive(wire));
    clock.after(afterMs + staysMs, () => {
      wire.isLost = true;
      wire.server.end(1006, "");
      wire.client.end(1006, "");
    });
  }

  /** The process of a server is gone, and with it its end of each connection. */
  endOf(house: House): void {
    for (const wire of this.wires) {
      if (wire.server.actor !== house.actor || wire.server.isOver) continue;
      wire.server.isOver = true;
      wire.client.pipe.cut(undefined);
      if (wire.isEstablished) wire.server.pipe.send({ type: "close", code: 1006, reason: "" });
      else wire.client.end(1006, "");
    }
  }

  #newWire(attempt: Attempt): Wire {
    const { clock, setup, nobody, observer } = this.#world;
    const canPause = setup.inbound?.canPause ?? false;
    const wire = new Wire({ ...attempt, clock, canPause, server: nobody, observer });
    this.wires.push(wire);
    return wire;
  }

  #arrive(wire: Wire): void {
    const house = this.#world.houseOf(wire);
    this.#world.tracing.request(wire, !wire.isLost);
    if (wire.isLost) return;
    if (house === undefined) {
      this.#refuse(wire);
      return;
    }
    wire.server.actor = house.actor;
    house.actor.frame(() => void this.#judge(wire, house));
  }

  #refuse(wire: Wire, text = "refused"): void {
    const { clock, tracing } = this.#world;
    const { now } = clock;
    clock.after(wire.link.latencyMs, () => {
      tracing.arrow(wire, "server", text, now, true);
      wire.client.end(1006, "");
    });
  }

  async #judge(wire: Wire, house: House): Promise<void> {
    const { clock, random, setup, noteJudged } = this.#world;
    const headers = new Headers({ "x-uid": wire.uid });
    if (wire.protocols.length > 0) headers.set("sec-websocket-protocol", wire.protocols.join(", "));
    this.judging++;
    const decision = await house.core.admit({ url: new URL(wire.url), headers, raw: undefined });
    this.judging--;
    if (house.actor.isDead) {
      this.#refuse(wire);
      return;
    }
    noteJudged(wire, house);
    if (decision.type === "refuse") {
      this.#refuse(wire, `HTTP ${decision.status}`);
      return;
    }
    clock.after(Math.floor(random() * (setup.upgradeMs + 1)), () =>
      house.actor.isDead ? this.#refuse(wire) : house.actor.frame(() => this.#accept(wire, decision)),
    );
  }

  #accept(wire: Wire, decision: Extract<Decision, { type: "accept" }>): void {
    const { clock, random } = this.#world;
    wire.isEstablished = true;
    const { message, closed } = decision.opened(wire.server.socket);
    wire.server.handlers = { message, closed };
    if (!wire.isAborted) return;
    this.ghosts++;
    clock.after(Math.floor(random() * 2_000), () => wire.server.end(1006, ""));
  }
}
