import type { NodeId, Topic } from "@sente-lite/protocol/backplane";
import type { RecentPosts } from "@sente-lite/protocol/cluster";
import type { Host, Timer } from "../host.ts";
import type { KnownNodes } from "./known-nodes.ts";

/** Whether the broker is back, and what a node left that ends at this moment, is looked for again after so long. */
const AGAIN_MS = 1_000;
/** A node that began is heard of within that, or has ended. */
const MEETING_MS = 15_000;

/** What was here as the broker was last known to be away: of what was posted meanwhile nothing else is meant. */
export interface Here {
  readonly topics: readonly Topic[];
  readonly sessions: WeakSet<object>;
}

export interface OverlookedOptions {
  readonly host: Host;
  readonly known: Pick<KnownNodes, "findUnmet" | "isMet" | "noteMet" | "noteEnded">;
  readonly look: () => Here;
  /** What a node left as it ended; undefined where it left nothing yet, or the broker does not say. */
  readonly readLeft: (node: NodeId) => Promise<RecentPosts | undefined>;
  /** Gives those who were here what such a node posted. */
  readonly give: (node: NodeId, left: RecentPosts, here: Here) => void;
  /** Nobody can tell what that one posted. */
  readonly gap: (node: NodeId) => void;
}

/**
 * Nodes that began, posted and ended while this one was without the broker: it never heard of them, and nobody is there any
 * more to be asked for what was missed. The log of those that began names them, and what they left is given to who was here.
 */
export class Overlooked {
  readonly #options: OverlookedOptions;
  /** Nodes of which nothing was heard yet: since when that is known, and who was here. */
  readonly #unmet = new Map<NodeId, { readonly since: number; readonly here: Here }>();
  /** While the log has not been read since the broker went away. */
  #here: Here | undefined;
  #timer: Timer;
  #isLooking = false;
  /** Counts its lives: what was begun in a former one comes to nothing. */
  #life = 0;

  constructor(options: OverlookedOptions) {
    this.#options = options;
  }

  /** The broker is away. */
  noteAway(): void {
    this.#here = this.#options.look();
    if (!this.#isLooking) this.#plan();
  }

  end(): void {
    this.#life++;
    this.#options.host.clearTimer(this.#timer);
    this.#here = undefined;
    this.#unmet.clear();
    this.#isLooking = false;
  }

  #plan(): void {
    const { host } = this.#options;
    const life = this.#life;
    host.clearTimer(this.#timer);
    this.#timer = host.setTimer(AGAIN_MS, async () => {
      this.#isLooking = true;
      await this.#look(() => life === this.#life);
      if (life !== this.#life) return;
      this.#isLooking = false;
      if (this.#here !== undefined || this.#unmet.size > 0) this.#plan();
    });
  }

  /** Never rejects. */
  async #look(isAlive: () => boolean): Promise<void> {
    if (this.#here !== undefined) await this.#readLog(this.#here, isAlive);
    const { host, known, readLeft, give, gap } = this.#options;
    for (const [node, { since, here }] of this.#unmet) {
      const left = await readLeft(node);
      if (!isAlive()) return;
      // One that is there is heard of, and asked for what was missed, by the driver.
      const isMet = known.isMet(node);
      if (!isMet && left === undefined && host.monotonic() - since < MEETING_MS) continue;
      this.#unmet.delete(node);
      if (isMet) continue;
      known.noteMet(node);
      known.noteEnded(node);
      if (left === undefined) gap(node);
      else give(node, left, here);
    }
  }

  async #readLog(here: Here, isAlive: () => boolean): Promise<void> {
    const { host, known, look } = this.#options;
    try {
      const unmet = await known.findUnmet();
      if (!isAlive()) return;
      for (const node of unmet) if (!this.#unmet.has(node)) this.#unmet.set(node, { since: host.monotonic(), here });
      // Or it went away again meanwhile.
      if (this.#here === here) this.#here = undefined;
    } catch {
      // It is away still.
      if (isAlive()) this.#here = look();
    }
  }
}
