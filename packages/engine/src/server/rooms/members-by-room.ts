import type { SenteEvent, ServerLimits } from "@sente-lite/protocol";
import { guard } from "@sente-lite/protocol/calls";
import { type MembersList, MembersTally, makeMembers, type RoomPatterns } from "@sente-lite/protocol/rooms";
import type { Host } from "../../host.ts";

/** Changes of members are collected for so many ms, and told together. */
const TELL_MS = 100;
const NO_MEMBERS: ReadonlySet<string | null> = new Set();

type Watcher = (next: ReadonlySet<string | null>, previous: ReadonlySet<string | null>) => void;

export interface MembersByRoomOptions {
  readonly host: Host;
  readonly limits: Pick<ServerLimits, "maxMembersListed">;
  readonly kinds: RoomPatterns<{ readonly tellsMembers: boolean }>;
  /** Sends who came and went to the connections that are in the room. */
  readonly tell: (room: string, event: SenteEvent) => void;
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
}

/** Who the members of each room are, by uid; and the telling of it: the application at once, members a little later. */
export class MembersByRoom {
  readonly #options: MembersByRoomOptions;
  readonly #tallies = new Map<string, MembersTally>();
  readonly #watchers = new Map<string, Set<{ readonly fn: Watcher }>>();
  /** Rooms whose members are to be told. */
  readonly #changed = new Set<string>();
  #isTellPlanned = false;

  constructor(options: MembersByRoomOptions) {
    this.#options = options;
  }

  uids(room: string): ReadonlySet<string | null> {
    return this.#tallies.get(room)?.uids ?? NO_MEMBERS;
  }

  /** What one who joins is told of the members; undefined where none are told. */
  list(room: string): MembersList | undefined {
    return this.#tellsMembers(room) ? this.#tallies.get(room)?.list() : undefined;
  }

  /** A connection of that user came in. */
  add(room: string, uid: string | null): void {
    const tally = this.#tallies.get(room) ?? new MembersTally(this.#options.limits.maxMembersListed);
    this.#tallies.set(room, tally);
    this.#change(room, tally, () => tally.add(uid));
  }

  /** A connection of that user went out. */
  remove(room: string, uid: string | null): void {
    const tally = this.#tallies.get(room);
    if (tally === undefined) return;
    this.#change(room, tally, () => {
      const hasChanged = tally.remove(uid);
      if (tally.count === 0) this.#tallies.delete(room);
      return hasChanged;
    });
  }

  /** Calls `fn` at each change, until what it returns is called. */
  watch(room: string, fn: Watcher): () => void {
    const entry = { fn };
    const watchers = this.#watchers.get(room) ?? new Set();
    this.#watchers.set(room, watchers.add(entry));
    return () => {
      watchers.delete(entry);
      if (watchers.size === 0 && this.#watchers.get(room) === watchers) this.#watchers.delete(room);
    };
  }

  #change(room: string, tally: MembersTally, change: () => boolean): void {
    const watchers = this.#watchers.get(room);
    const previous = watchers === undefined ? NO_MEMBERS : tally.uids;
    if (!change()) return;
    const fail = (error: unknown) => this.#options.report(error, { source: "members", room });
    for (const { fn } of [...(watchers ?? [])]) guard(() => fn(this.uids(room), previous), fail);
    if (this.#tellsMembers(room)) this.#planTell(room);
  }

  #tellsMembers(room: string): boolean {
    return this.#options.kinds.find(room)?.tellsMembers === true;
  }

  #planTell(room: string): void {
    this.#changed.add(room);
    if (this.#isTellPlanned) return;
    this.#isTellPlanned = true;
    this.#options.host.setTimer(TELL_MS, () => {
      this.#isTellPlanned = false;
      const rooms = [...this.#changed];
      this.#changed.clear();
      for (const changed of rooms) this.#tell(changed);
    });
  }

  #tell(room: string): void {
    const change = this.#tallies.get(room)?.takeChange();
    if (change !== undefined) this.#options.tell(room, makeMembers(room, change));
  }
}
