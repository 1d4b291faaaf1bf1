import type { Backplane, Inbox, Membership, NodeId } from "../backplane/backplane.ts";
import { BackplaneError } from "../backplane/backplane-error.ts";
import type { BackplaneClock } from "../backplane/clock.ts";
import { checkNodeId } from "../backplane/names.ts";
import { MemoryBroker } from "./memory-broker.ts";
import { MemoryNode } from "./memory-node.ts";

/** Options of `memoryBackplane`. */
export interface MemoryBackplaneOptions {
  /** A `VirtualClock`, or real time. */
  readonly clock: BackplaneClock;
  /** From a node to the broker, and from there to a node, in milliseconds. Default 1. */
  readonly latencyMs?: number;
  /** After so long without the broker, or stopped, a node is gone for the others. Default 10,000. */
  readonly leaseMs?: number;
  /** How many posts are kept for a node that is cut or stopped, and of it; more are a gap. Default 1,000. */
  readonly keptPosts?: number;
  /** Default 4 MiB. */
  readonly maxBytes?: number;
}

/** A backplane in the memory of one process: nothing happens but by its clock, and its faults are those that are asked for. */
export class MemoryBackplane implements Backplane {
  readonly #clock: BackplaneClock;
  readonly #options: Required<MemoryBackplaneOptions>;
  readonly #broker: MemoryBroker;
  /** By node that is away: takes back the end of its lease. */
  readonly #leases = new Map<NodeId, () => void>();
  readonly #all = new Map<NodeId, MemoryNode>();

  constructor(options: MemoryBackplaneOptions) {
    this.#options = { latencyMs: 1, leaseMs: 10_000, keptPosts: 1_000, maxBytes: 4 * 1_048_576, ...options };
    this.#clock = options.clock;
    this.#broker = new MemoryBroker(options.clock);
  }

  async join(id: NodeId, inbox: Inbox): Promise<Membership> {
    checkNodeId(id);
    const node = new MemoryNode({ ...this.#options, id, inbox, broker: this.#broker });
    return new Promise((resolve) => {
      node.up.send(() => {
        // Before what is told, so that nothing is heard before the membership is there.
        node.down.send(() => resolve(node));
        this.#all.set(id, node);
        this.#broker.add(node);
      });
    });
  }

  /** What that node posts, asks and hears takes so long each way, from now on. */
  delay(id: NodeId, latencyMs: number): void {
    const node = this.#node(id);
    node.up.latencyMs = latencyMs;
    node.down.latencyMs = latencyMs;
  }

  /** The next so many posts that node makes (`up`) or hears (`down`) are lost; in the place of each is a gap. */
  drop(id: NodeId, way: "up" | "down", posts = 1): void {
    this.#node(id)[way].drop(posts);
  }

  /** Those nodes have no way to the broker until `heal`; after `leaseMs` they are gone. Each hears `failed`. */
  split(...ids: readonly NodeId[]): void {
    for (const id of ids) {
      const node = this.#node(id);
      this.#hold(node);
      this.#broker.disconnect(id);
      node.inbox.failed(new BackplaneError("unreachable", "the broker is away"));
    }
  }

  /** Those nodes have their way to the broker again; all of them where none is named. */
  heal(...ids: readonly NodeId[]): void {
    for (const id of ids.length > 0 ? ids : [...this.#leases.keys()]) this.#release(this.#node(id));
  }

  /** That node stands still, as a process after SIGSTOP: it hears nothing until `resume`, and after `leaseMs` it is gone. */
  stop(id: NodeId): void {
    this.#hold(this.#node(id));
  }

  /** That node runs again. */
  resume(id: NodeId): void {
    this.#release(this.#node(id));
  }

  /** That node is no more, and what it posted and is under way is lost; after `leaseMs` the others hear it. */
  crash(id: NodeId): void {
    const node = this.#node(id);
    this.#hold(node);
    this.#broker.disconnect(id);
    node.end();
    node.up.clear();
    node.down.clear();
  }

  /** What was put, and the streams, are no more. */
  forget(): void {
    this.#broker.forget();
  }

  /** What is under way, kept, or waits to be taken: 0 where a test has cleared up. */
  get leftovers(): number {
    let sum = this.#broker.kept;
    for (const { up, down } of this.#all.values()) sum += up.size + down.size;
    return sum;
  }

  #node(id: NodeId): MemoryNode {
    const node = this.#all.get(id);
    if (node === undefined) throw new Error(`no node ${id} has joined`);
    return node;
  }

  #hold(node: MemoryNode): void {
    node.up.hold();
    node.down.hold();
    if (this.#leases.has(node.id)) return;
    this.#leases.set(
      node.id,
      this.#clock.after(this.#options.leaseMs, () => this.#broker.remove(node.id)),
    );
  }

  #release(node: MemoryNode): void {
    this.#leases.get(node.id)?.();
    this.#leases.delete(node.id);
    this.#broker.connect(node.id);
    if (this.#broker.node(node.id) === undefined) {
      // A stranger by now: of what was kept for it, and by it, nothing counts.
      node.up.clear();
      node.down.clear();
      node.tell((inbox) => {
        node.end();
        inbox.gone(node.id);
      });
    }
    node.up.release();
    node.down.release();
    node.noteUp();
  }
}

/** A `MemoryBackplane`: many nodes in one process, for tests. */
export function memoryBackplane(options: MemoryBackplaneOptions): MemoryBackplane {
  return new MemoryBackplane(options);
}
