import type { OverRate, ServerLimits } from "@sente-lite/protocol";
import type { Owner } from "@sente-lite/protocol/session";
import type { Host } from "../../host.ts";
import type { Incoming } from "../../incoming.ts";
import type { Turns } from "../../turns.ts";
import { Allowance, AllowanceTable, type Rate } from "./allowance.ts";
import { RateGate, type RateOwner } from "./rate-gate.ts";

type RateLimits = Pick<
  ServerLimits,
  "maxEventsPerSecond" | "maxBytesPerSecond" | "maxEventsPerSecondPerUser" | "maxBytesPerSecondPerUser"
>;

export interface RatesOptions {
  readonly host: Pick<Host, "setTimer" | "clearTimer">;
  /** Machine time. */
  readonly now: () => number;
  readonly turns: Pick<Turns, "steady">;
  readonly limits: RateLimits;
  readonly overRate: OverRate | undefined;
}

/** How fast peers may send: each connection by itself, and all connections of a user together (PROTOCOL.md section 9). */
export class Rates {
  readonly #options: RatesOptions;
  readonly #now: () => number;
  readonly #ofConnection: Rate;
  readonly #users: AllowanceTable;

  constructor(options: RatesOptions) {
    const { maxEventsPerSecond, maxBytesPerSecond, maxEventsPerSecondPerUser, maxBytesPerSecondPerUser } =
      options.limits;
    this.#options = options;
    this.#now = options.turns.steady(options.now);
    this.#ofConnection = { eventsPerSecond: maxEventsPerSecond, bytesPerSecond: maxBytesPerSecond };
    this.#users = new AllowanceTable({
      eventsPerSecond: maxEventsPerSecondPerUser,
      bytesPerSecond: maxBytesPerSecondPerUser,
    });
  }

  /** The gate of one client. Whoever is known by an address alone has no user to share with. */
  open(owner: RateOwner, incoming: Incoming, { key, isUser }: Owner): RateGate {
    const { host, overRate = "delay" } = this.#options;
    const now = this.#now;
    const begun = now();
    const own = new Allowance(this.#ofConnection, begun);
    const shared = isUser ? this.#users.of(key, begun) : undefined;
    return new RateGate({ host, now, owner, incoming, own, shared, overRate });
  }
}
