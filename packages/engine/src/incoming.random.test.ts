import fc from "fast-check";
import { expect, it } from "vitest";
import { Incoming, type Place } from "./incoming.ts";
import { ReceivedPool } from "./received-pool.ts";

const LIMITS = { maxReceived: 100, maxReceivedBytes: 3_000_000 };

/** Events that come in a row: how long each is checked, and then waits for its consumer, in turns; 0: not at all. */
interface Arrival {
  readonly count: number;
  /** 0: this side made them up. */
  readonly bytes: number;
  readonly checkTurns: number;
  readonly consumerTurns: number;
  /** Turns until the next arrive. */
  readonly rest: number;
  /** All that waits is given up first. */
  readonly clears: boolean;
}

const arrivals: fc.Arbitrary<readonly Arrival[]> = fc.array(
  fc.record({
    count: fc.integer({ min: 1, max: 50 }),
    bytes: fc.constantFrom(0, 1, 5_000, 400_000),
    checkTurns: fc.constantFrom(0, 0, 1, 3),
    consumerTurns: fc.constantFrom(0, 1, 4, 40),
    rest: fc.nat(3),
    clears: fc.constantFrom(false, false, false, true),
  }),
  { maxLength: 30, size: "max" },
);

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A queue, and beside it what has to be true of it. */
class Setting {
  readonly pool = new ReceivedPool(1e9);
  readonly begun: number[] = [];
  readonly expected: number[] = [];
  readonly #incoming = new Incoming({
    peer: {
      pause: () => this.#paced("pause"),
      resume: () => this.#paced("resume"),
      overflow: () => void this.#overflows++,
      noteDropped: () => {},
    },
    limits: LIMITS,
    pool: this.pool,
  });
  /** What waits, by number; and what has to be begun with yet. */
  readonly #waiting = new Map<number, number>();
  readonly #ahead = new Map<number, number>();
  #due: { turn: number; fn: () => void }[] = [];
  #isPaused = false;
  #overflows = 0;
  #isChecking = false;
  #made = 0;
  #turn = 0;

  get isDone(): boolean {
    return this.#due.length === 0;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  #paced(call: "pause" | "resume"): void {
    expect(this.#isPaused, "it pauses and resumes in pairs").toBe(call === "resume");
    this.#isPaused = call === "pause";
  }

  #of(isOwn: boolean): readonly number[] {
    return [...this.#waiting.values()].filter((bytes) => (bytes === 0) === isOwn);
  }

  get #bytes(): number {
    return this.#of(false).reduce((sum, bytes) => sum + bytes, 0);
  }

  #hasRoom(bytes: number): boolean {
    const { length } = this.#of(bytes === 0);
    if (bytes === 0) return length < LIMITS.maxReceived;
    return length === 0 || (length < LIMITS.maxReceived && this.#bytes + bytes <= LIMITS.maxReceivedBytes);
  }

  put({ bytes, checkTurns, consumerTurns }: Arrival): void {
    const n = this.#made++;
    const hasRoom = this.#hasRoom(bytes);
    if (hasRoom) {
      this.#waiting.set(n, bytes);
      this.#ahead.set(n, bytes);
    }
    const before = this.#overflows;
    const isTaken = this.#incoming.put(bytes, (place) => {
      expect(this.#isChecking, "one is checked at a time").toBe(false);
      this.#ahead.delete(n);
      this.begun.push(n);
      this.#waiting.delete(n);
      const consume = () => this.#consume(n, bytes, consumerTurns, place);
      if (checkTurns === 0) {
        consume();
        return undefined;
      }
      this.#isChecking = true;
      return new Promise<void>((resolve) => this.#after(checkTurns, resolve)).then(() => {
        this.#isChecking = false;
        if (!place.isVoid) consume();
      });
    });
    expect(isTaken, `event ${n} is taken where there is room`).toBe(hasRoom);
    expect(this.#overflows - before, "who overflows is told").toBe(hasRoom || bytes === 0 ? 0 : 1);
    if (isTaken) this.expected.push(n);
    this.#checkPace();
  }

  clear(): void {
    for (const [n, bytes] of this.#ahead) {
      if (bytes > 0) this.expected.splice(this.expected.indexOf(n), 1);
    }
    for (const all of [this.#waiting, this.#ahead]) for (const [n, bytes] of all) if (bytes > 0) all.delete(n);
    this.#incoming.clear();
    this.#checkPace();
  }

  async nextTurn(): Promise<void> {
    this.#turn++;
    const due = this.#due.filter(({ turn }) => turn <= this.#turn);
    this.#due = this.#due.filter(({ turn }) => turn > this.#turn);
    for (const { fn } of due) fn();
    await settled();
    this.#checkPace();
  }

  #consume(n: number, bytes: number, turns: number, place: Place): void {
    if (turns === 0) return;
    place.wait();
    this.#waiting.set(n, bytes);
    this.#after(turns, () => {
      const isVoid = !this.#waiting.delete(n);
      expect(place.isVoid).toBe(isVoid);
      if (!isVoid) place.begin();
      place.leave();
      if (!isVoid) place.end();
    });
  }

  #after(turns: number, fn: () => void): void {
    this.#due.push({ turn: this.#turn + turns, fn });
  }

  #checkPace(): void {
    const { length } = this.#of(false);
    if (length >= 64 || this.#bytes >= 1_048_576) expect(this.#isPaused, "it is paused behind much").toBe(true);
    if (length < 32 && this.#bytes < 524_288) expect(this.#isPaused, "it goes on behind little").toBe(false);
  }
}

it("keeps order and bounds whatever comes, however long it is checked and whenever it is consumed", async () => {
  await fc.assert(
    fc.asyncProperty(arrivals, async (items) => {
      const setting = new Setting();
      for (const arrival of items) {
        if (arrival.clears) setting.clear();
        for (let i = 0; i < arrival.count; i++) setting.put(arrival);
        for (let i = 0; i < arrival.rest; i++) await setting.nextTurn();
      }
      while (!setting.isDone) await setting.nextTurn();
      expect(setting.begun, "each once, in order").toEqual(setting.expected);
      expect([setting.isPaused, setting.pool.bytes]).toEqual([false, 0]);
    }),
    { numRuns: 100 },
  );
}, 60_000);
