import type { ServerLimits } from "@sente-lite/protocol";
import type { Owner } from "@sente-lite/protocol/session";
import { AllowanceTable } from "./allowance.ts";
import { placeOf } from "./ip-address.ts";

/** An accepted request whose socket has not opened by then never will: its peer has gone. */
const OPENING_MS = 30_000;
/** How long until a place may be free again: nobody knows. */
const FULL_RETRY_MS = 5_000;

/** The limit that a request met. */
export type Met =
  | "connections"
  | "connections-per-user"
  | "connections-per-address"
  | "connects-per-second"
  | "handshakes";

/** A request that finds no place, and when one may be free. */
export interface NoPlace {
  readonly met: Met;
  readonly retryInMs: number;
}

export type ArrivalLimits = Pick<
  ServerLimits,
  | "maxConnections"
  | "maxConnectionsPerUser"
  | "maxConnectionsPerAddress"
  | "maxConnectsPerSecondPerAddress"
  | "maxHandshakes"
>;

/**
 * The places of a server's connections, from the request to the end of the socket: in all, of each address and of each
 * user; and how fast those of one address may come (PROTOCOL.md section 9). A request whose address nobody knows counts
 * among all.
 */
export class Arrivals {
  readonly #limits: ArrivalLimits;
  /** Machine time. */
  readonly #now: () => number;
  readonly #connects: AllowanceTable;
  readonly #taken = new Map<string, number>();
  /** Accepted, and not yet open: the oldest first. */
  readonly #opening = new Set<ConnectionPlace>();
  #handshakes = 0;
  #connections = 0;

  constructor(limits: ArrivalLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
    const eventsPerSecond = limits.maxConnectsPerSecondPerAddress;
    this.#connects = new AllowanceTable({ eventsPerSecond, bytesPerSecond: Number.POSITIVE_INFINITY });
  }

  /** A request came: its place, or which limit it met. */
  begin(remoteAddress: string | undefined): ConnectionPlace | NoPlace {
    const now = this.#now();
    this.#forgetUnopened(now);
    const { maxConnections, maxConnectionsPerAddress, maxHandshakes } = this.#limits;
    const address = remoteAddress === undefined ? undefined : placeOf(remoteAddress);
    if (address !== undefined) {
      const connects = this.#connects.of(address, now);
      const retryInMs = connects.waitMs(now);
      if (retryInMs > 0) return { met: "connects-per-second", retryInMs };
      connects.charge(0);
      if (this.#countTaken(`address ${address}`) >= maxConnectionsPerAddress)
        return refuseFull("connections-per-address");
    }
    if (this.#connections >= maxConnections) return refuseFull("connections");
    if (this.#handshakes >= maxHandshakes) return { met: "handshakes", retryInMs: 1_000 };
    return new ConnectionPlace(this, address);
  }

  /** @internal One more, or one less. */
  change(name: string, by: 1 | -1): void {
    const taken = this.#countTaken(name) + by;
    if (taken === 0) this.#taken.delete(name);
    else this.#taken.set(name, taken);
  }

  /** @internal */
  changeAll(by: 1 | -1): void {
    this.#connections += by;
  }

  /** @internal */
  changeHandshakes(by: 1 | -1): void {
    this.#handshakes += by;
  }

  /** @internal True where a user may have one more. */
  hasRoomFor(user: string): boolean {
    return this.#countTaken(user) < this.#limits.maxConnectionsPerUser;
  }

  /** @internal An upgrade was accepted, and its socket will open soon, if its peer is still there. */
  noteOpening(place: ConnectionPlace): void {
    place.acceptedAt = this.#now();
    this.#opening.add(place);
  }

  /** @internal */
  noteOpened(place: ConnectionPlace): void {
    this.#opening.delete(place);
  }

  #countTaken(name: string): number {
    return this.#taken.get(name) ?? 0;
  }

  #forgetUnopened(now: number): void {
    for (const place of this.#opening) {
      if (now - place.acceptedAt < OPENING_MS) return;
      place.release();
    }
  }
}

function refuseFull(met: Met): NoPlace {
  return { met, retryInMs: FULL_RETRY_MS };
}

/** The place of one connection. */
export class ConnectionPlace {
  /** @internal */
  acceptedAt = 0;
  readonly #arrivals: Arrivals;
  readonly #names: string[] = [];
  #isJudged = false;
  #isTaken = false;

  constructor(arrivals: Arrivals, address: string | undefined) {
    this.#arrivals = arrivals;
    if (address !== undefined) this.#names.push(`address ${address}`);
    arrivals.changeHandshakes(1);
    this.#take();
  }

  /** The handshake is no longer under way. */
  noteJudged(): void {
    if (this.#isJudged) return;
    this.#isJudged = true;
    this.#arrivals.changeHandshakes(-1);
  }

  /**
   * It is that user's; false where they have too many. One that goes on with a session takes the place of the one before.
   * Who is known by an address alone is counted by that.
   */
  takeFor({ key, isUser }: Owner, isResumed: boolean): boolean {
    if (!isUser) return true;
    if (!isResumed && !this.#arrivals.hasRoomFor(key)) return false;
    this.#names.push(key);
    if (this.#isTaken) this.#arrivals.change(key, 1);
    return true;
  }

  /** The upgrade was accepted. */
  noteAccepted(): void {
    this.#arrivals.noteOpening(this);
  }

  /** The socket stands. */
  opened(): void {
    this.#arrivals.noteOpened(this);
    this.#take();
  }

  /** The request was refused, or its socket has closed. */
  release(): void {
    this.noteJudged();
    this.#arrivals.noteOpened(this);
    if (!this.#isTaken) return;
    this.#isTaken = false;
    this.#arrivals.changeAll(-1);
    for (const name of this.#names) this.#arrivals.change(name, -1);
  }

  #take(): void {
    if (this.#isTaken) return;
    this.#isTaken = true;
    this.#arrivals.changeAll(1);
    for (const name of this.#names) this.#arrivals.change(name, 1);
  }
}
