/** Names a request for its caller; its cb-id on the wire is `r<n>`. */
export type RequestId = number;

export interface OpenRequest {
  readonly id: RequestId;
  readonly deadline: number;
  /** True once its frame went to a socket. */
  transmitted: boolean;
  /** True once its reply came. */
  answered: boolean;
}

/** The requests that wait for their reply. Ids are never used again in the life of the client object. */
export class Requests {
  readonly #open = new Map<RequestId, OpenRequest>();
  #lastId = 0;
  /** No request is due before this time. It may be too early, so that a reply need not look for the next one. */
  #deadline = Number.POSITIVE_INFINITY;

  add(deadline: number): OpenRequest {
    const request: OpenRequest = { id: ++this.#lastId, deadline, transmitted: false, answered: false };
    this.#open.set(request.id, request);
    if (deadline < this.#deadline) this.#deadline = deadline;
    return request;
  }

  /** The id that was given out last. */
  get lastId(): RequestId {
    return this.#lastId;
  }

  /** Goes on after an id that was given out elsewhere. */
  goOnAfter(lastId: RequestId): void {
    this.#lastId = lastId;
  }

  get deadline(): number | undefined {
    return this.#open.size === 0 ? undefined : this.#deadline;
  }

  get size(): number {
    return this.#open.size;
  }

  has(id: RequestId): boolean {
    return this.#open.has(id);
  }

  findByCbId(cbId: string): OpenRequest | undefined {
    return cbId.startsWith("r") ? this.#open.get(Number(cbId.slice(1))) : undefined;
  }

  /** Takes a request out; false where it was settled before. */
  settle(id: RequestId): boolean {
    return this.#open.delete(id);
  }

  /** Takes out the requests that are due. */
  takeDue(now: number): readonly OpenRequest[] {
    if (now < this.#deadline) return [];
    const due: OpenRequest[] = [];
    this.#deadline = Number.POSITIVE_INFINITY;
    for (const request of this.#open.values()) {
      if (request.deadline <= now) due.push(request);
      else if (request.deadline < this.#deadline) this.#deadline = request.deadline;
    }
    for (const request of due) this.#open.delete(request.id);
    return due;
  }

  /** Takes out the requests for which `test` holds. */
  takeWhere(test: (request: OpenRequest) => boolean): readonly OpenRequest[] {
    const taken = [...this.#open.values()].filter(test);
    for (const request of taken) this.#open.delete(request.id);
    return taken;
  }
}

export function cbIdOf(id: RequestId): string {
  return `r${id}`;
}
