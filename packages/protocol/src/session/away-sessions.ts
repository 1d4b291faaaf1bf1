import type { ServerLimits } from "../limits.ts";
import type { ServerSession } from "./server-session.ts";

export type AwayLimits = Pick<ServerLimits, "maxAwaySessions" | "maxAwayBytes">;

/** The owner of a session, by whom sessions that are away are counted. */
export interface Owner {
  readonly key: string;
  /** True for one user, known by the application; false for all who come from one address. */
  readonly isUser: boolean;
}

interface Away {
  readonly session: ServerSession;
  /** What its client said as it connected and is kept with the session, in bytes. */
  readonly requestBytes?: number;
}

interface Part<H> {
  readonly owner: Owner;
  /** With the bytes of each, the longest away first. */
  readonly sessions: Map<H, number>;
  bytes: number;
}

/**
 * Sessions whose client is away (PROTOCOL.md section 6.7), in number and bytes: what waits in them, and the requests that
 * they keep. Over a bound sessions end: first those whose client never said anything, the oldest of them first; then one of
 * the owner who has the most. So a crowd of strangers, or a user with many sessions, ends its own sessions.
 */
export class AwaySessions<H extends Away> {
  readonly #limits: AwayLimits;
  readonly #partOf = new Map<H, Part<H>>();
  readonly #parts = new Map<string, Part<H>>();
  /** Those whose client has not said that it knows them, the longest away first. */
  readonly #silent = new Set<H>();
  #bytes = 0;

  constructor(limits: AwayLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#partOf.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** A session went away, or holds more than when it did. */
  add(holder: H, owner: Owner): void {
    const part = this.#partOf.get(holder) ?? this.#parts.get(owner.key) ?? { owner, sessions: new Map(), bytes: 0 };
    this.#partOf.set(holder, part);
    this.#parts.set(owner.key, part);
    const { session, requestBytes = 0 } = holder;
    const { isConfirmed } = session;
    const heldBytes = session.heldBytes + requestBytes;
    this.#count(part, heldBytes - (part.sessions.get(holder) ?? 0));
    part.sessions.set(holder, heldBytes);
    if (!isConfirmed) this.#silent.add(holder);
  }

  remove(holder: H): void {
    const part = this.#partOf.get(holder);
    if (part === undefined) return;
    this.#count(part, -(part.sessions.get(holder) ?? 0));
    part.sessions.delete(holder);
    if (part.sessions.size === 0) this.#parts.delete(part.owner.key);
    this.#partOf.delete(holder);
    this.#silent.delete(holder);
  }

  /** The session to end, where a bound is passed since `latest` was added. */
  findExcess(latest: H): H | undefined {
    const { maxAwaySessions, maxAwayBytes } = this.#limits;
    const isCrowded = this.size > maxAwaySessions;
    if (!isCrowded && this.#bytes <= maxAwayBytes) return undefined;
    const [silent] = this.#silent;
    if (silent !== undefined) return silent;
    const sizeOf = ({ sessions, bytes }: Part<H>) => (isCrowded ? sessions.size : bytes);
    // Among owners with the same, the one who came last loses a session.
    let largest = this.#partOf.get(latest);
    for (const part of this.#parts.values()) {
      if (largest === undefined || sizeOf(part) > sizeOf(largest)) largest = part;
    }
    if (largest === undefined) return undefined;
    const { owner, sessions } = largest;
    const [oldest] = sessions.keys();
    if (owner.isUser) return oldest;
    // Many clients may come from one address, and the latest does not push the others out.
    return sessions.has(latest) ? latest : [...sessions.keys()].at(-1);
  }

  #count(part: Part<H>, bytes: number): void {
    part.bytes += bytes;
    this.#bytes += bytes;
  }
}
