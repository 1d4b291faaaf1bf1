/** The members of a room as a client is told that joins: their uids, or only their number where they are too many. */
export interface MembersList {
  readonly count: number;
  readonly uids?: readonly (string | null)[];
}

/** What changed since the members were told last; the whole list where they had none. */
export interface MembersChange extends MembersList {
  readonly joined?: readonly (string | null)[];
  readonly left?: readonly (string | null)[];
}

/** Which users are in one room, each counted once for all its sessions, and which changes were not told yet. */
export class MembersTally {
  readonly #maxListed: number;
  readonly #sessions = new Map<string | null, number>();
  readonly #changed = new Set<string | null>();
  /** True while all that were told have the whole list. */
  #isListed = true;

  constructor(maxListed: number) {
    this.#maxListed = maxListed;
  }

  get count(): number {
    return this.#sessions.size;
  }

  get uids(): ReadonlySet<string | null> {
    return new Set(this.#sessions.keys());
  }

  /** Adds a session of a user. True where it is the first one. */
  add(uid: string | null): boolean {
    const before = this.#sessions.get(uid) ?? 0;
    this.#sessions.set(uid, before + 1);
    if (before === 0) this.#changed.add(uid);
    return before === 0;
  }

  /** Removes a session of a user. True where it was the last one. */
  remove(uid: string | null): boolean {
    const before = this.#sessions.get(uid);
    if (before === undefined) return false;
    if (before > 1) {
      this.#sessions.set(uid, before - 1);
      return false;
    }
    this.#sessions.delete(uid);
    this.#changed.add(uid);
    return true;
  }

  /** What a client is told that joins now. */
  list(): MembersList {
    const { count } = this;
    if (count <= this.#maxListed) return { count, uids: [...this.#sessions.keys()] };
    this.#isListed = false;
    return { count };
  }

  /** What all members have to be told since the last call; undefined where nothing changed. */
  takeChange(): MembersChange | undefined {
    if (this.#changed.size === 0) return undefined;
    const changed = [...this.#changed];
    this.#changed.clear();
    const { count, uids } = this.list();
    if (uids === undefined) return { count };
    if (!this.#isListed || changed.length > this.#maxListed) {
      this.#isListed = true;
      return { count, uids };
    }
    // Tells of each user what holds now: who came and left again may be on the list of a client that joined in between.
    const joined = changed.filter((uid) => this.#sessions.has(uid));
    const left = changed.filter((uid) => !this.#sessions.has(uid));
    return { count, joined, left };
  }
}
