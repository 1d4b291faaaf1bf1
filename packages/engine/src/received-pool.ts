/** Something that holds a part of the pool. */
export interface PoolHolder {
  /** True where some of that waits, and could be freed at once. */
  readonly holdsWaiting: boolean;
  /** Gives up what waits, and ends. Called for the holder that holds the most. */
  yieldRoom(): void;
}

/**
 * What all peers of a server make it hold, together (PROTOCOL.md section 9). At the bound the peer that holds the most
 * has to give up what waits; a peer that holds no more than its equal part never has to.
 */
export class ReceivedPool {
  readonly #maxBytes: number;
  /**
   * The parts that hold something, each at its index `at`. Most come and go with every event: a Set would hash them
   * each time.
   */
  readonly #parts: PoolPart[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The equal part of each peer that holds something, in bytes. */
  get share(): number {
    return this.#maxBytes / Math.max(1, this.#parts.length);
  }

  /** Makes the part of a holder, which holds nothing yet. */
  open(holder: PoolHolder): PoolPart {
    return new PoolPart(this, holder);
  }

  /** @internal True where the part may hold so much more; others that hold more than it would make room. */
  hasRoom(part: PoolPart, bytes: number): boolean {
    if (this.#bytes + bytes <= this.#maxBytes) return true;
    const wanted = part.bytes + bytes;
    if (wanted * (this.#parts.length + (part.bytes > 0 ? 0 : 1)) <= this.#maxBytes) return true;
    // Each round ends a connection, so the search is rare.
    while (this.#bytes + bytes > this.#maxBytes) {
      const largest = this.#findLargest(part, wanted);
      if (largest === undefined) return false;
      largest.holder.yieldRoom();
    }
    return true;
  }

  /** @internal A part grew, or shrank. */
  change(part: PoolPart, bytes: number): void {
    const before = part.bytes - bytes;
    this.#bytes += bytes;
    if (before === 0) part.at = this.#parts.push(part) - 1;
    else if (part.bytes === 0) this.#remove(part);
  }

  /** Removes a part from the list; the last one takes its place. */
  #remove(part: PoolPart): void {
    const last = this.#parts.pop();
    if (last === undefined || last === part) return;
    this.#parts[part.at] = last;
    last.at = part.at;
  }

  #findLargest(except: PoolPart, above: number): PoolPart | undefined {
    let largest: PoolPart | undefined;
    let most = above;
    for (const part of this.#parts) {
      if (part.bytes <= most || part === except || !part.holder.holdsWaiting) continue;
      largest = part;
      most = part.bytes;
    }
    return largest;
  }
}

/** What one peer makes a server hold. */
export class PoolPart {
  readonly holder: PoolHolder;
  /** @internal Where it is on the list of the pool, while it holds something. */
  at = 0;
  readonly #pool: ReceivedPool;
  #bytes = 0;

  constructor(pool: ReceivedPool, holder: PoolHolder) {
    this.#pool = pool;
    this.holder = holder;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The equal part of each peer that holds something, in bytes. */
  get share(): number {
    return this.#pool.share;
  }

  /** True where it may hold so much more; others that hold more than it would make room. */
  hasRoom(bytes: number): boolean {
    return this.#pool.hasRoom(this, bytes);
  }

  take(bytes: number): void {
    this.#bytes += bytes;
    this.#pool.change(this, bytes);
  }

  release(bytes: number): void {
    if (bytes === 0) return;
    this.#bytes -= bytes;
    this.#pool.change(this, -bytes);
  }
}
