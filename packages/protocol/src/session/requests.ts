/** Names a request for its caller; its cb-id on the wire is `r<n>`. */
export type RequestId = number;

/** How a request ended: with a reply, or with one of Sente's codes, or the code of the handler. */
export type Settlement =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly data: unknown;
      readonly cause?: unknown;
    };

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
  /** No request is due before; may be early, so that replies need not look for the next one. */
  #deadline = Number.POSITIVE_INFINITY;

  add(deadline: number): OpenRequest {
    const request: OpenRequest = { id: ++this.#lastId, deadline, transmitted: false, answered: false };
    this.#open.set(request.id, request);
    if (deadline < this.#deadline) this.#deadline = deadline;
    return request;
  }

  get size(): number {
    return this.#open.size;
  }

  get deadline(): number | undefined {
    return this.#open.size === 0 ? undefined : this.#deadline;
  }

  has(id: RequestId): boolean {
    return this.#open.has(id);
  }

  byCbId(cbId: string): OpenRequest | undefined {
    return cbId.startsWith("r") ? this.#open.get(Number(cbId.slice(1))) : undefined;
  }

  /** Takes a request out; false where it was settled before. */
  settle(id: RequestId): boolean {
    return this.#open.delete(id);
  }

  /** Takes out the requests that are due. */
  due(now: number): readonly OpenRequest[] {
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
