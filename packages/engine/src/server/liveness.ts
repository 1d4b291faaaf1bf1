import { ProtocolError } from "@sente-lite/protocol";
import { BackplaneError, type NodeId } from "@sente-lite/protocol/backplane";
import type { Host } from "../host.ts";
import type { Cluster } from "./cluster.ts";

/** A node that lives says so within that, where the broker is there. */
export const ALIVE_MS = 250;
/** Where the broker stands still, or was away so long ago at most, a node has that long. */
const PATIENCE_MS = 3_000;

const nothing = new Uint8Array();

export interface LivenessOptions {
  readonly host: Host;
  readonly cluster: Cluster;
}

/**
 * Whether another node lives, before its lease tells: it is asked, and a node that lives answers at once, however long its
 * handlers take. What keeps silent is held for dead where the broker, which has carried what this node says, has no connection
 * of it, and otherwise where it is silent for long: a machine may have much to do. A process that stood still and goes on was
 * asked nothing that it could do too late (PROTOCOL.md section 6.13).
 */
export class Liveness {
  readonly #options: LivenessOptions;
  /** By node: of those who want to know at the same time one asks. */
  readonly #asking = new Map<NodeId, Promise<boolean>>();

  constructor(options: LivenessOptions) {
    this.#options = options;
    options.cluster.answer("alive", () => nothing);
  }

  /** Never rejects. */
  isAlive(node: NodeId): Promise<boolean> {
    const known = this.#asking.get(node);
    if (known !== undefined) return known;
    const asking = this.#ask(node).finally(() => this.#asking.delete(node));
    this.#asking.set(node, asking);
    return asking;
  }

  /** What that node is asked for; rejects as soon as it is known to be dead. */
  async whileAlive<T>(node: NodeId, work: Promise<T>): Promise<T> {
    let isOver = false;
    const done = work.finally(() => {
      isOver = true;
    });
    const dead = this.#within(ALIVE_MS, done).then(async () => {
      if (isOver || (await this.isAlive(node))) return done;
      throw new BackplaneError("no-answer", "the node does not live");
    });
    return Promise.race([done, dead]);
  }

  async #ask(node: NodeId): Promise<boolean> {
    const { cluster } = this.#options;
    let answered: boolean | undefined;
    const answer = cluster.ask(node, "alive", nothing, PATIENCE_MS).then(
      () => true,
      // A refusal is a sign of life, too.
      (error) => error instanceof ProtocolError,
    );
    const noted = answer.then((isAlive) => {
      answered = isAlive;
    });
    // Twice: a connection that was cut is there again in less than that.
    for (let looks = 0; answered === undefined && looks < 2; ) {
      await this.#within(ALIVE_MS, noted);
      if (answered === undefined) looks = (await this.#hasNoConnection(node)) ? looks + 1 : 0;
    }
    return answered ?? false;
  }

  /** True where the broker says so, and was there all the time: nodes come back to it one after the other. */
  async #hasNoConnection(node: NodeId): Promise<boolean> {
    const { host, cluster } = this.#options;
    const begin = host.monotonic();
    let isConnected = true;
    try {
      await this.#within(
        PATIENCE_MS,
        this.#askBroker(node).then((said) => {
          isConnected = said;
        }),
      );
    } catch {
      // Nobody knows.
    }
    // What came while this process stood still is heard first.
    await this.#within(0);
    return !isConnected && begin - cluster.lastAwayAt > PATIENCE_MS;
  }

  async #askBroker(node: NodeId): Promise<boolean> {
    const { membership } = this.#options.cluster;
    return (await membership?.isConnected?.(node)) ?? true;
  }

  async #within(ms: number, work?: Promise<unknown>): Promise<void> {
    const { host } = this.#options;
    let timer: unknown;
    const over = new Promise<void>((resolve) => {
      timer = host.setTimer(ms, resolve);
    });
    try {
      await (work === undefined ? over : Promise.race([work, over]));
    } finally {
      host.clearTimer(timer);
    }
  }
}
