const NEVER = Number.POSITIVE_INFINITY;

/**
 * The login of a server's connection, and of the next one: when it ends, and when its client is asked for another
 * (PROTOCOL.md section 1.9). Times are the machine's, in whole milliseconds.
 */
export class Login {
  readonly #leadMs: number;
  #endsAt = NEVER;
  #askAt = NEVER;
  #isAsked = false;

  /** `leadMs` before its end the client is asked, or after half of it where it is shorter; 0: never. */
  constructor(leadMs: number) {
    this.#leadMs = leadMs;
  }

  /** Another connection stands: nothing is known of its login yet. */
  reset(): void {
    this.#endsAt = NEVER;
    this.#askAt = NEVER;
    this.#isAsked = false;
  }

  /** The client has logged in, until then. One who got no more time by logging in anew is not asked again. */
  note(endsAt: number, now: number): void {
    const isRenewed = this.#endsAt === NEVER || endsAt > this.#endsAt;
    this.#endsAt = endsAt;
    this.#askAt = isRenewed ? this.#timeToAsk(now) : NEVER;
  }

  /** Takes the client's answer: false for one that it was not asked for. */
  takeAnswer(): boolean {
    const wasAsked = this.#isAsked;
    this.#isAsked = false;
    return wasAsked;
  }

  /** Time passed: what is to be done. */
  wake(now: number): "ask" | "end" | undefined {
    if (now >= this.#endsAt) return "end";
    if (now < this.#askAt) return undefined;
    this.#askAt = NEVER;
    this.#isAsked = true;
    return "ask";
  }

  /** When to call `wake`; undefined where it never ends. */
  get deadline(): number | undefined {
    const next = Math.min(this.#askAt, this.#endsAt);
    return next === NEVER ? undefined : next;
  }

  #timeToAsk(now: number): number {
    if (this.#leadMs === 0 || this.#endsAt === NEVER) return NEVER;
    return this.#endsAt - Math.min(this.#leadMs, Math.ceil((this.#endsAt - now) / 2));
  }
}
