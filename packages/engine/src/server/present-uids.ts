import type { ConnectedUids } from "@sente-lite/protocol";

type Uid = string | null;

const NONE: ReadonlySet<Uid> = new Set();
/** So many changes, or as many as there are uids, share a copy of those who are here after them. */
const FEW_CHANGES = 1_000;

/** Changes, one after the other, that somebody may look back over. */
interface Changes {
  readonly all: { readonly uid: Uid; readonly wasHere: boolean }[];
  /** Who was here after the last of them; undefined where more may come. */
  after: ReadonlySet<Uid> | undefined;
}

/**
 * The uids that are here. Who is told of a change is given views of before and after, which are made when they are read: to tell
 * costs the same for ten uids and for ten thousand, and what an old view holds does not grow with what came later.
 */
export class PresentUids {
  readonly #here = new Set<Uid>();
  /** Since the first view that may still look back; undefined where there is none. */
  #changes: Changes | undefined;

  has(uid: Uid): boolean {
    return this.#here.has(uid);
  }

  /** Adds a uid that is not there, or takes one off that is. */
  change(uid: Uid, isHere: boolean): void {
    if (isHere) this.#here.add(uid);
    else this.#here.delete(uid);
    if (this.#changes === undefined) return;
    this.#changes.all.push({ uid, wasHere: !isHere });
    if (this.#changes.all.length < Math.max(FEW_CHANGES, this.#here.size)) return;
    this.#changes.after = new Set(this.#here);
    this.#changes = undefined;
  }

  /** Who is here now, also where it is read later. */
  view(): ConnectedUids {
    this.#changes ??= { all: [], after: undefined };
    const changes = this.#changes;
    const at = changes.all.length;
    let made: ReadonlySet<Uid> | undefined;
    const read = () => {
      made ??= this.#uidsAt(changes, at);
      return made;
    };
    return Object.freeze({
      get ws() {
        return read();
      },
      ajax: NONE,
      get any() {
        return read();
      },
    });
  }

  #uidsAt({ all, after }: Changes, at: number): ReadonlySet<Uid> {
    const uids = new Set(after ?? this.#here);
    for (const { uid, wasHere } of all.slice(at).reverse()) {
      if (wasHere) uids.add(uid);
      else uids.delete(uid);
    }
    return uids;
  }
}
