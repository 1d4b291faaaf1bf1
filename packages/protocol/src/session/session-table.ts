import type { Codec } from "../codecs/codec.ts";
import { type FeatureSet, isSameFeatures } from "../wire/features.ts";
import type { Form } from "../wire/frames.ts";
import type { NamedSession } from "../wire/subprotocols.ts";
import { type AwayLimits, AwaySessions, type Owner } from "./away-sessions.ts";
import type { ServerSession } from "./server-session.ts";

/** A connection of one of our own clients that was let in: who it is, and what it wants back. */
export interface Arrival {
  readonly uid: string | null;
  readonly clientId: string;
  readonly codec: Codec;
  readonly form: Form;
  /** What the client knows of what we add to Sente's wire. */
  readonly features: FeatureSet;
  /** Rises for the life of the client object. */
  readonly attempt: number;
  /** The client object, by a secret of its own; undefined where it told none. */
  readonly instance: string | undefined;
  /** Whose part of what may be away its session will be. */
  readonly owner: Owner;
  readonly named: NamedSession | undefined;
  /** What its server binds sessions to, of this connection; undefined where it binds them to nothing. */
  readonly binding?: string | undefined;
}

/** Whoever holds a session. */
export interface SessionHolder {
  readonly uid: string | null;
  readonly clientId: string;
  readonly session: ServerSession;
  /** What its client said as it connected and is kept with the session, in bytes. */
  readonly requestBytes?: number;
}

/** What to do with an arrival, in this order: end those sessions, then go on with one, or begin a new one. */
export interface Found<H extends SessionHolder> {
  readonly ending: readonly { readonly holder: H; readonly reason: "resumed in vain" | "never confirmed" }[];
  readonly resumed: H | undefined;
}

interface Known<H> {
  readonly holder: H;
  readonly owner: Owner;
  readonly instance: string | undefined;
  readonly binding: string | undefined;
  attempt: number;
}

/**
 * The sessions of a server that outlive their connections (PROTOCOL.md section 6.4): found by their id alone, which is
 * a secret, and only by who began them; the client id is a label, which gives no power over anybody. Keeps the order of
 * attempts, and bounds what waits for clients that are away.
 */
export class SessionTable<H extends SessionHolder> {
  readonly #byId = new Map<string, Known<H>>();
  /** The session that each instance began last: where its client never confirmed it, nobody comes back for it. */
  readonly #lastOf = new Map<string, Known<H>>();
  readonly #away: AwaySessions<H>;

  constructor(limits: AwayLimits) {
    this.#away = new AwaySessions(limits);
  }

  get away(): number {
    return this.#away.size;
  }

  get awayBytes(): number {
    return this.#away.bytes;
  }

  /** True for an attempt that a later one of the same client has overtaken: it is refused, and touches no session. */
  isStale(arrival: Arrival): boolean {
    const known = this.#findNamed(arrival) ?? this.#findUnconfirmed(arrival);
    return known !== undefined && arrival.attempt <= known.attempt;
  }

  /** True where an arrival names a session that is its own. */
  knows(arrival: Arrival): boolean {
    return this.#findNamed(arrival) !== undefined;
  }

  /** Finds the session that an arrival which is not stale goes on with, and those that it ends. */
  find(arrival: Arrival): Found<H> {
    const { named, attempt } = arrival;
    const known = this.#findNamed(arrival);
    if (known !== undefined && named !== undefined && known.holder.session.canResume(named.received)) {
      known.attempt = attempt;
      return { ending: [], resumed: known.holder };
    }
    const ending: { holder: H; reason: "resumed in vain" | "never confirmed" }[] = [];
    if (known !== undefined) ending.push({ holder: known.holder, reason: "resumed in vain" });
    const orphan = this.#findUnconfirmed(arrival);
    if (orphan !== undefined && orphan !== known && attempt > orphan.attempt) {
      ending.push({ holder: orphan.holder, reason: "never confirmed" });
    }
    return { ending, resumed: undefined };
  }

  /** A new session began with that arrival. */
  add(holder: H, { attempt, instance, owner, binding }: Arrival): void {
    const { id } = holder.session;
    if (id === undefined) return;
    const known: Known<H> = { holder, attempt, instance, owner, binding };
    this.#byId.set(id, known);
    if (instance !== undefined) this.#lastOf.set(keyOf(holder, instance), known);
  }

  /** The session has a connection again. */
  noteReturn(holder: H): void {
    this.#away.remove(holder);
  }

  /** The client went away, or something was added for it: keeps count. */
  noteAway(holder: H): void {
    const known = this.#findKnown(holder);
    if (known !== undefined) this.#away.add(holder, known.owner);
  }

  /** The session to end, where more are away than may be, or more bytes, since that one was added. */
  findExcess(latest: H): H | undefined {
    return this.#away.findExcess(latest);
  }

  /** True where it has a session by that id. */
  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** The session by that id, whoever asks, and the last attempt that it had. */
  findById(
    id: string,
  ): { readonly holder: H; readonly attempt: number; readonly binding: string | undefined } | undefined {
    return this.#byId.get(id);
  }

  /** The last attempt that a session had, of which object of a client, and what the session is bound to. */
  findAttempt(holder: H): Pick<Known<H>, "attempt" | "instance" | "binding"> | undefined {
    return this.#findKnown(holder);
  }

  /** The session ended. */
  remove(holder: H): void {
    const known = this.#findKnown(holder);
    const { id } = holder.session;
    this.#away.remove(holder);
    if (id !== undefined) this.#byId.delete(id);
    if (known?.instance === undefined) return;
    const key = keyOf(holder, known.instance);
    if (this.#lastOf.get(key) === known) this.#lastOf.delete(key);
  }

  /** The session that an arrival names, where it is the one who began it; whoever else names it does not touch it. */
  #findNamed({ named, uid, clientId, codec, form, features, binding }: Arrival): Known<H> | undefined {
    const known = named === undefined ? undefined : this.#byId.get(named.id);
    if (known === undefined) return undefined;
    const { holder } = known;
    const { session } = holder;
    const isSame =
      holder.uid === uid &&
      holder.clientId === clientId &&
      known.binding === binding &&
      session.codec === codec &&
      session.form === form &&
      isSameFeatures(session.features, features);
    return isSame ? known : undefined;
  }

  #findKnown(holder: H): Known<H> | undefined {
    const { id } = holder.session;
    return id === undefined ? undefined : this.#byId.get(id);
  }

  #findUnconfirmed(arrival: Arrival): Known<H> | undefined {
    const { instance } = arrival;
    const known = instance === undefined ? undefined : this.#lastOf.get(keyOf(arrival, instance));
    return known?.holder.session.isConfirmed === false ? known : undefined;
  }
}

function keyOf(who: { readonly uid: string | null; readonly clientId: string }, instance: string): string {
  return JSON.stringify([who.uid, who.clientId, instance]);
}
