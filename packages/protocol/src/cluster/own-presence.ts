import type { NodeId } from "../backplane/index.ts";
import { ProtocolError } from "../errors.ts";
import { type Change, inParts } from "./changes.ts";
import type { Part } from "./peer.ts";

/** About so many bytes has a post of changes, and a part of a snapshot. */
const PART_BYTES = 128 * 1024;
/** Whoever has begun to read a snapshot has so long to ask for the next part. */
const KEPT_MS = 30_000;

interface Reading {
  readonly version: number;
  readonly parts: readonly (readonly Change[])[];
  readonly until: number;
}

/** Who is at this node, what of it the others were not told, and the snapshots that they read. */
export class OwnPresence {
  readonly #uids = new Set<string | null>();
  /** By room, how many connections of each user are in it. */
  readonly #rooms = new Map<string, Map<string | null, number>>();
  readonly #lasting: () => Iterable<Change>;
  /** Users who were here when the others held this node for gone, and are here since. */
  #kept = new Set<string | null>();
  /** Users who came when it was not known whether they were elsewhere, so that nobody was told. */
  readonly #unsure = new Set<string | null>();
  #origin: NodeId = "";
  #version = 0;
  #untold: Change[] = [];
  readonly #readings = new Map<NodeId, Reading>();

  /** `lasting` says who is let into which room with each connection. */
  constructor(lasting: () => Iterable<Change>) {
    this.#lasting = lasting;
  }

  /** Under which id this process joined first. */
  get origin(): NodeId {
    return this.#origin;
  }

  get uids(): ReadonlySet<string | null> {
    return this.#uids;
  }

  get hasUntold(): boolean {
    return this.#untold.length > 0;
  }

  /** That of the last post of changes. */
  get version(): number {
    return this.#version;
  }

  /** This process is that node now. */
  isNode(node: NodeId): void {
    if (this.#origin === "") this.#origin = node;
  }

  /** `isUnsure` where it is not known whether another node has that user. */
  come(uid: string | null, isUnsure: boolean): void {
    this.#uids.add(uid);
    if (isUnsure) this.#unsure.add(uid);
    this.note(["came", uid]);
  }

  /** `isLast` where nobody else has that user. */
  go(uid: string | null, isLast: boolean): void {
    this.#uids.delete(uid);
    this.#kept.delete(uid);
    this.#unsure.delete(uid);
    this.note([isLast ? "last" : "left", uid]);
  }

  /** The others held this node for gone. */
  lostLease(): void {
    this.#kept = new Set(this.#uids);
  }

  /** Another node has told of that user as gone meanwhile: true, once, where the user was here all the time. */
  takeMissed(uid: string | null): boolean {
    const isUnsure = this.#unsure.delete(uid);
    return this.#kept.delete(uid) || isUnsure;
  }

  /** No other node has that user: true, once, where that was not known as the user came. */
  takeUnsure(uid: string | null): boolean {
    return this.#unsure.delete(uid);
  }

  note(change: Change): void {
    this.#untold.push(change);
  }

  /** True where that is the first connection of its user in the room here. */
  enter(room: string, uid: string | null): boolean {
    const uids = this.#rooms.get(room) ?? new Map<string | null, number>();
    const count = uids.get(uid) ?? 0;
    this.#rooms.set(room, uids.set(uid, count + 1));
    return count === 0;
  }

  /** True where that was the last connection of its user in the room here. */
  leave(room: string, uid: string | null): boolean {
    const uids = this.#rooms.get(room);
    const count = uids?.get(uid);
    if (uids === undefined || count === undefined) return false;
    if (count > 1) {
      uids.set(uid, count - 1);
      return false;
    }
    uids.delete(uid);
    if (uids.size === 0) this.#rooms.delete(room);
    return true;
  }

  /** What the others were not told, in posts of a bounded size. */
  takeUntold(): readonly { readonly version: number; readonly changes: readonly Change[] }[] {
    const untold = this.#untold;
    this.#untold = [];
    return untold.length === 0
      ? []
      : inParts(untold, PART_BYTES).map((changes) => ({ version: ++this.#version, changes }));
  }

  /**
   * A part of all that is here, for a node that asks for it, once what was untold is told. Throws `ProtocolError` where the
   * rest of a snapshot is asked for too late: it would be of a later version.
   */
  read(reader: NodeId, index: number, now: number): Part {
    this.#forgetOld(now);
    const known = index === 0 ? undefined : this.#readings.get(reader);
    if (known === undefined && index > 0) {
      throw new ProtocolError("snapshot-over", "the rest of a snapshot was asked for too late: begin anew");
    }
    const reading = known ?? {
      version: this.#version,
      parts: inParts([...this.#all()], PART_BYTES),
      until: now + KEPT_MS,
    };
    const isLast = index >= reading.parts.length - 1;
    if (isLast) this.#readings.delete(reader);
    else this.#readings.set(reader, reading);
    return { version: reading.version, changes: reading.parts[index] ?? [], isLast, origin: this.#origin };
  }

  *#all(): Iterable<Change> {
    for (const uid of this.#uids) yield ["came", uid];
    for (const [room, uids] of this.#rooms) for (const uid of uids.keys()) yield ["in", uid, room];
    yield* this.#lasting();
  }

  #forgetOld(now: number): void {
    for (const [reader, { until }] of this.#readings) if (until <= now) this.#readings.delete(reader);
  }
}
