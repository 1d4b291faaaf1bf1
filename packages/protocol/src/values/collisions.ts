import { hashOfBigint, hashOfDouble, hashOfSmall } from "./engine-hashes.ts";

// V8 finds the keys of a Map and the members of a Set by hashes that are no secret where those are numbers (and, in some
// versions, texts of digits). So a peer can choose many that fall into one bucket: filling it takes the square of their
// number then, and every look-up later looks at all of them. No value with such keys is made, or sent.

/** Fewer keys are not watched: the square of their number is small. */
export const WATCHED_FROM = 256;
/** Chance puts no more than about 20 keys into a bucket, regular numbers (every 128th, say) some more. */
const MOST_IN_A_BUCKET = 512;

/** Counts how many hashes fall into each bucket of a table that grows as an engine's does. */
class Buckets {
  readonly #hashes: number[] = [];
  #counts = new Uint32Array(WATCHED_FROM);

  /** Takes one more key. False where it shares its bucket with too many. */
  take(key: unknown): boolean {
    const hash = hashOf(key);
    if (hash === undefined) return true;
    this.#hashes.push(hash);
    if (this.#hashes.length > this.#counts.length * 2) {
      this.#counts = new Uint32Array(this.#counts.length * 2);
      for (const known of this.#hashes) this.#count(known);
      return true;
    }
    return this.#count(hash) <= MOST_IN_A_BUCKET;
  }

  #count(hash: number): number {
    const bucket = hash & (this.#counts.length - 1);
    const count = (this.#counts[bucket] ?? 0) + 1;
    this.#counts[bucket] = count;
    return count;
  }
}

type Keyed = ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>;

/** The hash that a peer can foresee, if the key has one. */
function hashOf(key: unknown): number | undefined {
  if (typeof key === "number") return (key | 0) === key ? hashOfSmall(key) : hashOfDouble(key);
  if (typeof key === "bigint") return hashOfBigint(key);
  return typeof key === "string" && isArrayIndex(key) ? Number(key) & 0xffffff : undefined;
}

/** Watches a Map or a Set while it is filled. */
export class CollisionWatch {
  readonly #keys: Keyed;
  #size = 0;
  #buckets: Buckets | undefined;

  constructor(keys: Keyed) {
    this.#keys = keys;
  }

  /** Call it after each insertion. False once more of them would take too long. */
  accepts(key: unknown): boolean {
    const { size } = this.#keys;
    if (size === this.#size) return true;
    this.#size = size;
    if (this.#buckets !== undefined) return this.#buckets.take(key);
    if (size < WATCHED_FROM) return true;
    const buckets = new Buckets();
    this.#buckets = buckets;
    for (const known of this.#keys.keys()) if (!buckets.take(known)) return false;
    return true;
  }
}

/** Would it take too long to fill another Map or Set with these keys? */
export function haveCollisions(keys: Keyed): boolean {
  if (keys.size < WATCHED_FROM) return false;
  const buckets = new Buckets();
  for (const key of keys.keys()) if (!buckets.take(key)) return true;
  return false;
}

/** A text that stands for this one in a table: what begins with a digit might be hashed by its value. */
export function tableKey(text: string): string {
  const first = text.charCodeAt(0);
  return first <= NINE && first >= ZERO ? `\0${text}` : text;
}

const ZERO = 48;
const NINE = 57;

function isArrayIndex(text: string): boolean {
  const first = text.charCodeAt(0);
  return text.length <= 10 && first <= NINE && first >= ZERO && /^(?:0|[1-9]\d*)$/.test(text);
}
