import type { NodeId, Position, Streams } from "@sente-lite/protocol/backplane";
import { BEGUN_STREAM, readBegun, writeBegun } from "@sente-lite/protocol/cluster";
import type { SnapshotNodes } from "@sente-lite/protocol/session";
import type { Host, Timer } from "../host.ts";

const HOUR_MS = 3_600_000;
/** Entries are kept as long as a driver keeps anything; each node adds one more before that, so that the log never ends. */
const BOUNDS = { size: 1_000, ttlMs: 24 * HOUR_MS };
const AGAIN_MS = 6 * HOUR_MS;
/** Of nodes that began a moment ago nothing may have been heard yet: they are waited for so long. */
const MEETING_MS = 15_000;

/**
 * Which nodes there were: each writes that it begins into a log that all share, so that one is not overlooked that began and
 * ended while a session waited for its client (PROTOCOL.md section 6.13). Where the backplane has no streams nothing is known.
 */
export class KnownNodes {
  readonly #host: Host;
  readonly #met = new Set<NodeId>();
  /** Those of them that began after `#at`, and were heard to their end. */
  readonly #ended = new Set<NodeId>();
  /** When those were first read of that have not been met. */
  readonly #unmet = new Map<NodeId, number>();
  #streams: Streams | undefined;
  /** All nodes that began up to there have been met, or began before this one. */
  #at: Position | undefined;
  #node: NodeId = "";
  #begins = 0;
  #again: Timer;
  #later: Timer;

  constructor(host: Host) {
    this.#host = host;
  }

  /** This node begins: rejects where it cannot be written. */
  async begin(node: NodeId, streams: Streams | undefined): Promise<void> {
    this.end();
    this.#ended.clear();
    this.#unmet.clear();
    this.#node = node;
    const begins = this.#begins;
    const at = await streams?.append(BEGUN_STREAM, writeBegun(node), BOUNDS);
    // It ended meanwhile, or began anew.
    if (begins !== this.#begins) return;
    this.#at = at;
    this.#streams = streams;
    if (streams !== undefined) this.#planAgain(streams);
  }

  end(): void {
    this.#begins++;
    this.#streams = undefined;
    this.#host.clearTimer(this.#again);
    this.#host.clearTimer(this.#later);
    this.#later = undefined;
  }

  /** Of what it posts nothing is overlooked, from its beginning on. */
  noteMet(node: NodeId): void {
    this.#met.add(node);
  }

  isMet(node: NodeId): boolean {
    return this.#met.has(node);
  }

  /** Another node has ended: what it posted was heard. */
  noteEnded(node: NodeId): void {
    if (this.#at === undefined) this.#met.delete(node);
    else {
      this.#ended.add(node);
      this.#planAdvance(0);
    }
  }

  /** For the snapshot of a session that leaves. */
  get snapshot(): SnapshotNodes | undefined {
    return this.#at && { at: this.#at, ended: [...this.#ended] };
  }

  /**
   * The nodes that began and that this one never met. Where the broker has forgotten the log, none: it begins anew. Rejects
   * where the broker is away.
   */
  async findUnmet(): Promise<readonly NodeId[]> {
    const streams = this.#streams;
    const from = this.#at;
    if (streams === undefined || from === undefined) return [];
    const { entries, isComplete } = await streams.read(BEGUN_STREAM, { after: from, limit: BOUNDS.size }, BOUNDS);
    if (this.#streams !== streams) return [];
    if (isComplete) {
      const begun = new Set(entries.map(({ bytes }) => readBegun(bytes)));
      return [...begun].filter((node) => node !== this.#node && !this.#met.has(node));
    }
    const at = await streams.append(BEGUN_STREAM, writeBegun(this.#node), BOUNDS);
    if (this.#streams === streams) this.#at = at;
    return [];
  }

  /** The nodes of which that snapshot knows nothing; undefined where that cannot be told. Never rejects. */
  async findNew(snapshot: SnapshotNodes | undefined, heard: Iterable<NodeId>): Promise<readonly NodeId[] | undefined> {
    const streams = this.#streams;
    if (snapshot === undefined || streams === undefined) return [];
    try {
      const { at, ended } = snapshot;
      const known = new Set([...heard, ...ended, this.#node]);
      const { entries, isComplete } = await streams.read(BEGUN_STREAM, { after: at, limit: BOUNDS.size }, BOUNDS);
      if (!isComplete) return undefined;
      const begun = entries.map(({ bytes }) => readBegun(bytes));
      return [...new Set(begun)].filter((node) => !known.has(node));
    } catch {
      return undefined;
    }
  }

  #planAgain(streams: Streams): void {
    this.#again = this.#host.setTimer(AGAIN_MS, () => {
      // Where that fails, the next time is soon enough.
      streams
        .append(BEGUN_STREAM, writeBegun(this.#node), BOUNDS)
        .then(() => this.#planAdvance(0))
        .catch(() => {});
      this.#planAgain(streams);
    });
  }

  #planAdvance(ms: number): void {
    if (this.#streams === undefined || this.#later !== undefined) return;
    this.#later = this.#host.setTimer(ms, () => {
      this.#later = undefined;
      void this.#advance().catch(() => this.#planAdvance(MEETING_MS));
    });
  }

  /** Goes on to the end of the log, once all there have been met: those that had ended need no name any more. */
  async #advance(): Promise<void> {
    const streams = this.#streams;
    const from = this.#at;
    if (streams === undefined || from === undefined) return;
    // Of those the entries are there.
    const ended = [...this.#ended];
    const { entries, isComplete, top } = await streams.read(BEGUN_STREAM, { after: from, limit: BOUNDS.size }, BOUNDS);
    if (this.#streams !== streams) return;
    const now = this.#host.monotonic();
    if (isComplete && !entries.every(({ bytes }) => this.#isMet(readBegun(bytes), now))) {
      this.#planAdvance(MEETING_MS);
      return;
    }
    this.#at = top;
    for (const node of ended) {
      this.#ended.delete(node);
      this.#met.delete(node);
    }
  }

  /** Or would have been by now. */
  #isMet(node: NodeId, now: number): boolean {
    if (node === this.#node || this.#met.has(node)) return true;
    const since = this.#unmet.get(node) ?? now;
    this.#unmet.set(node, since);
    if (now - since < MEETING_MS) return false;
    this.#unmet.delete(node);
    return true;
  }
}
