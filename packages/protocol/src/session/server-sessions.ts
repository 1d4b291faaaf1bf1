import type { Codec } from "../codecs/codec.ts";
import type { ServerLimits } from "../limits.ts";
import type { Form } from "../wire/frames.ts";
import type { NamedSession } from "../wire/subprotocols.ts";
import type { ServerSession } from "./server-session.ts";

/** A connection of one of our own clients that was let in: who it is, and what it wants back. */
export interface Arrival {
  readonly uid: string | null;
  readonly clientId: string;
  readonly codec: Codec;
  readonly form: Form;
  /** Rises for the life of the client object. */
  readonly attempt: number;
  readonly named: NamedSession | undefined;
}

/** Whoever holds a session. */
export interface SessionHolder {
  readonly uid: string | null;
  readonly clientId: string;
  readonly session: ServerSession;
}

/** What to do with an arrival, in this order: end those sessions, then go on with one, or begin a new one. */
export interface Admission<H extends SessionHolder> {
  readonly ending: readonly { readonly holder: H; readonly reason: "resumed in vain" | "never confirmed" }[];
  readonly resumed: H | undefined;
}

interface Known<H> {
  readonly holder: H;
  attempt: number;
}

/**
 * The sessions of a server that outlive their connections (PROTOCOL.md section 6.4): found by their id alone, which is
 * a secret; the client id is a label. Keeps the order of attempts, and bounds what waits for clients that are away.
 */
export class ServerSessions<H extends SessionHolder> {
  readonly #limits: Pick<ServerLimits, "maxAwaySessions" | "maxAwayBytes">;
  readonly #byId = new Map<string, Known<H>>();
  /** Sessions whose client has not yet said that it knows them, by uid and client id. */
  readonly #unconfirmed = new Map<string, Known<H>>();
  /** Who is away with how many bytes, the longest away first. */
  readonly #away = new Map<H, number>();
  #awayBytes = 0;

  constructor(limits: Pick<ServerLimits, "maxAwaySessions" | "maxAwayBytes">) {
    this.#limits = limits;
  }

  get away(): number {
    return this.#away.size;
  }

  get awayBytes(): number {
    return this.#awayBytes;
  }

  /** True for an attempt that a later one of the same client has overtaken: it is refused, and touches no session. */
  isStale(arrival: Arrival): boolean {
    const { named, attempt } = arrival;
    // Whoever names a session is not held up by a namesake that confirms none.
    const known = (named && this.#byId.get(named.id)) ?? this.#unconfirmedOf(arrival);
    return known !== undefined && attempt <= known.attempt;
  }

  /** Finds the session that an arrival which is not stale goes on with, and those that it ends. */
  admit(arrival: Arrival): Admission<H> {
    const { named, uid, clientId, codec, form, attempt } = arrival;
    const known = named === undefined ? undefined : this.#byId.get(named.id);
    const unconfirmed = this.#unconfirmedOf(arrival);
    const ending: { holder: H; reason: "resumed in vain" | "never confirmed" }[] = [];
    let resumed: H | undefined;
    if (known !== undefined && named !== undefined) {
      const { holder } = known;
      const { session } = holder;
      const isSame =
        holder.uid === uid && holder.clientId === clientId && session.codec === codec && session.form === form;
      if (isSame && session.canResume(named.received)) {
        known.attempt = attempt;
        resumed = holder;
      } else {
        ending.push({ holder, reason: "resumed in vain" });
      }
    }
    const isLater = unconfirmed !== undefined && attempt > unconfirmed.attempt;
    if (resumed === undefined && isLater && unconfirmed !== known) {
      ending.push({ holder: unconfirmed.holder, reason: "never confirmed" });
    }
    return { ending, resumed };
  }

  /** A new session began with that arrival. */
  add(holder: H, { attempt }: Arrival): void {
    const { id } = holder.session;
    if (id === undefined) return;
    const known: Known<H> = { holder, attempt };
    this.#byId.set(id, known);
    this.#unconfirmed.set(labelOf(holder), known);
  }

  /** The session has a connection again. */
  returned(holder: H): void {
    this.#awayBytes -= this.#away.get(holder) ?? 0;
    this.#away.delete(holder);
  }

  /** The client went away, or something was added for it: keeps count. */
  weigh(holder: H): void {
    const { heldBytes } = holder.session;
    this.#awayBytes += heldBytes - (this.#away.get(holder) ?? 0);
    this.#away.set(holder, heldBytes);
  }

  /** The session that has been away the longest, where there are more than may be, or more bytes. */
  overflow(): H | undefined {
    const { maxAwaySessions, maxAwayBytes } = this.#limits;
    if (this.#away.size <= maxAwaySessions && this.#awayBytes <= maxAwayBytes) return undefined;
    const [oldest] = this.#away.keys();
    return oldest;
  }

  /** The session ended. */
  remove(holder: H): void {
    const { id } = holder.session;
    if (id !== undefined) this.#byId.delete(id);
    this.returned(holder);
    this.#settle(holder);
  }

  /** The client has said something: it knows its session. */
  confirmed(holder: H): void {
    this.#settle(holder);
  }

  #settle(holder: H): void {
    const label = labelOf(holder);
    if (this.#unconfirmed.get(label)?.holder === holder) this.#unconfirmed.delete(label);
  }

  #unconfirmedOf(arrival: Arrival): Known<H> | undefined {
    const known = this.#unconfirmed.get(labelOf(arrival));
    return known?.holder.session.isConfirmed === false ? known : undefined;
  }
}

function labelOf({ uid, clientId }: { readonly uid: string | null; readonly clientId: string }): string {
  return JSON.stringify([uid, clientId]);
}
