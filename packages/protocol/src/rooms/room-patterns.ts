import { UsageError } from "../errors.ts";
import { isRoomName } from "./room-name.ts";

/**
 * Values for rooms, by patterns of their names. A pattern is a name (`"lobby"`), or the beginning of names (`"chat/*"`, where
 * `*` stands for one character or more). A name goes before a beginning, a longer beginning before a shorter one.
 */
export class RoomPatterns<T> {
  readonly #names = new Map<string, T>();
  /** Longest first. */
  readonly #beginnings: { readonly beginning: string; readonly value: T }[] = [];

  /** Throws `UsageError` `bad-room-pattern`. */
  constructor(patterns: Iterable<readonly [pattern: string, value: T]>) {
    for (const [pattern, value] of patterns) {
      const beginning = beginningOf(pattern);
      if (beginning === undefined) this.#names.set(pattern, value);
      else this.#beginnings.push({ beginning, value });
    }
    this.#beginnings.sort((a, b) => b.beginning.length - a.beginning.length);
  }

  get isEmpty(): boolean {
    return this.#names.size === 0 && this.#beginnings.length === 0;
  }

  /** All that is said. */
  *values(): Iterable<T> {
    yield* this.#names.values();
    for (const { value } of this.#beginnings) yield value;
  }

  /** True for a room that is named in full. */
  isNamed(room: string): boolean {
    return this.#names.has(room);
  }

  /** What is said of the room; undefined where no pattern has it. */
  find(room: string): T | undefined {
    const named = this.#names.get(room);
    if (named !== undefined) return named;
    const has = ({ beginning }: { readonly beginning: string }) =>
      room.length > beginning.length && room.startsWith(beginning);
    return this.#beginnings.find(has)?.value;
  }
}

/** What comes before the `*`; undefined where the pattern is a name. Throws `UsageError` `bad-room-pattern`. */
function beginningOf(pattern: string): string | undefined {
  const isName: boolean = isRoomName(pattern);
  if (isName) return undefined;
  const beginning = pattern.slice(0, -1);
  if (pattern.endsWith("*") && (beginning === "" || isRoomName(beginning))) return beginning;
  throw new UsageError(
    "bad-room-pattern",
    `a pattern of rooms is a name, or a beginning and "*" as in "chat/*", not ${JSON.stringify(pattern.slice(0, 80))}`,
  );
}
