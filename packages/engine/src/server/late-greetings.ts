import type { Host } from "../host.ts";
import type { Admitted } from "./admission.ts";

/** A connection that this side closed sooner than this counts: its client may come again at once, without end. */
const SHORT_MS = 5_000;
/** A client that stayed away for so long counts as a new one. */
const FORGOTTEN_MS = 60_000;
const FIRST_MS = 1_000;
const LONGEST_MS = 8_000;
/** How many peers are remembered, and how many requests wait at a time. */
const MAX_PEERS = 1_000;

/** What tells such a peer from others. */
export type Returning = Pick<Admitted<unknown>, "uid" | "clientId" | "form"> & {
  readonly parameters: Pick<Admitted<unknown>["parameters"], "ownPeer">;
  readonly request: Pick<Admitted<unknown>["request"], "remoteAddress">;
};

/**
 * Sente's clients come again without a pause after any handshake (PROTOCOL.md section 3.7). One that has to be closed
 * each time that it comes is therefore greeted late, and later each time. It is refused only while too many requests
 * wait so: refused before the handshake, Sente's clients do pause.
 */
export class LateGreetings {
  readonly #host: Host;
  /** Machine time. */
  readonly #now: () => number;
  readonly #peers = new Map<string, { readonly turns: number; readonly at: number }>();
  readonly #waiting = new Set<() => void>();

  constructor(host: Host, now: () => number) {
    this.#host = host;
    this.#now = now;
  }

  /** This side closed a connection of that peer, so many ms after its handshake. */
  noteCutOff(returning: Returning, lastedMs: number): void {
    const peer = nameOf(returning);
    if (peer === undefined) return;
    const before = this.#peers.get(peer);
    // Those that were cut off last stand last.
    this.#peers.delete(peer);
    if (lastedMs >= SHORT_MS) return;
    const now = this.#now();
    const isAgain = before !== undefined && now - before.at < FORGOTTEN_MS;
    this.#peers.set(peer, { turns: isAgain ? before.turns + 1 : 1, at: now });
    const [oldest] = this.#peers.keys();
    if (this.#peers.size > MAX_PEERS && oldest !== undefined) this.#peers.delete(oldest);
  }

  /** Resolves when the peer may be greeted: to true, or at once to false where too many requests wait already. */
  async mayGreet(returning: Returning): Promise<boolean> {
    const peer = nameOf(returning);
    const known = peer === undefined ? undefined : this.#peers.get(peer);
    if (known === undefined) return true;
    const waitMs = known.at + Math.min(LONGEST_MS, FIRST_MS * 2 ** (known.turns - 1)) - this.#now();
    if (waitMs <= 0) return true;
    if (this.#waiting.size >= MAX_PEERS) return false;
    await this.#wait(waitMs);
    return true;
  }

  /** Lets all requests go on that wait. */
  end(): void {
    for (const go of [...this.#waiting]) go();
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        this.#waiting.delete(go);
        this.#host.clearTimer(timer);
        resolve();
      };
      const timer = this.#host.setTimer(ms, go);
      this.#waiting.add(go);
    });
  }
}

/**
 * Names a peer that may come again at once. Its address is part of the name, so that no peer holds up another.
 * Undefined for our own.
 */
function nameOf({ uid, clientId, form, parameters, request }: Returning): string | undefined {
  if (parameters.ownPeer || form === "bare") return undefined;
  return JSON.stringify([uid, clientId, request.remoteAddress]);
}
