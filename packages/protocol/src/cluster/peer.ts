import type { NodeId } from "../backplane/index.ts";
import type { Change } from "./changes.ts";

/** So many changes of a node are held while its snapshot is on the way. */
const MAX_HELD = 10_000;

/** A part of what a node says of who is there: changes that make it, and up to which version of its posts they go. */
export interface Part {
  readonly version: number;
  readonly changes: readonly Change[];
  readonly isLast: boolean;
  /** Under which id that process joined first: it has another one since it was held for gone. */
  readonly origin: NodeId;
}

/** What another node holds, as far as it is known here: who is there, and who is in which room. */
export class Peer {
  readonly node: NodeId;
  readonly uids: Set<string | null> = new Set();
  readonly rooms: Map<string, Set<string | null>> = new Map();
  /** Under which id that process joined first; until it has told, the one that it has. */
  origin: NodeId;
  /** Since when it is gone. */
  goneAt: number | undefined;
  /** This node was a stranger to it, and has not heard since what it holds. */
  isUnsure = false;
  /** When it is asked again, after it did not answer. */
  retryAt: number | undefined;
  /** Up to which of its posts this is; undefined until it was asked. */
  #version: number | undefined;
  #held: { readonly version: number; readonly changes: readonly Change[] }[] = [];
  #heldChanges = 0;
  /** The parts that have come; undefined while none are asked for. */
  #parts: Change[] | undefined;
  /** It may have posted what did not come, since it was asked. */
  #isStale = false;

  constructor(node: NodeId) {
    this.node = node;
    this.origin = node;
  }

  get isAsked(): boolean {
    return this.#parts !== undefined;
  }

  /** How many parts of its snapshot have come, while it is being asked. */
  beginAsk(): void {
    this.#parts = [];
    this.#isStale = false;
    this.retryAt = undefined;
  }

  /** It did not answer. */
  failed(retryAt?: number): void {
    this.#parts = undefined;
    this.retryAt = retryAt;
  }

  /** What it posted may be missing here: true where it has to be asked. */
  noteGap(): boolean {
    this.#version = undefined;
    this.#isStale = true;
    return !this.isAsked;
  }

  /** It posted changes: those that are to be applied now; undefined where it has to be asked. */
  take(version: number, changes: readonly Change[]): readonly Change[] | undefined {
    if (this.#version !== undefined && version <= this.#version) return [];
    if (!this.isAsked && this.#version !== undefined && version === this.#version + 1) {
      this.#version = version;
      return changes;
    }
    this.#hold(version, changes);
    return this.isAsked ? [] : undefined;
  }

  /** A part of its snapshot came. All of it, and what was held that follows, once there is the last. */
  takePart({
    version,
    changes,
    isLast,
    origin,
  }: Part): { readonly snapshot: readonly Change[]; readonly isStale: boolean } | undefined {
    if (this.#parts === undefined) return undefined;
    for (const change of changes) this.#parts.push(change);
    if (!isLast) return undefined;
    const snapshot = this.#parts;
    this.#parts = undefined;
    this.#version = version;
    this.origin = origin;
    return { snapshot, isStale: this.#isStale };
  }

  /** What was held and follows the snapshot; where something between is missing, it is stale again. */
  takeHeld(): { readonly changes: readonly Change[]; readonly isStale: boolean } {
    const held = this.#held.sort((a, b) => a.version - b.version);
    this.#held = [];
    this.#heldChanges = 0;
    const changes: Change[] = [];
    for (const { version, changes: next } of held) {
      const known = this.#version ?? 0;
      if (version <= known) continue;
      if (version !== known + 1) return { changes, isStale: true };
      changes.push(...next);
      this.#version = version;
    }
    return { changes, isStale: false };
  }

  #hold(version: number, changes: readonly Change[]): void {
    this.#heldChanges += changes.length;
    if (this.#heldChanges > MAX_HELD) {
      this.#held = [];
      this.#heldChanges = 0;
      this.#isStale = true;
      return;
    }
    this.#held.push({ version, changes });
  }
}
