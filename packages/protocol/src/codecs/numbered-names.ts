import { Bounded, LONGEST_KEY } from "../values/bounded.ts";
import { tableKey } from "../values/collisions.ts";
import { copyText } from "../values/copy-text.ts";
import { isNewKeywordName } from "../values/keyword-name.ts";
import { refuse } from "./refuse.ts";

/** A name of keywords that may be sent, and the number that it had in the last message with it. */
class Name {
  readonly name: string;
  message = 0;
  number = 0;

  constructor(name: string) {
    this.name = name;
  }
}

const names = /* @__PURE__ */ new Bounded<Name>(2048);
// The last name at each place of an object at each level: mostly one object after another has the same keys at the same places.
const recent: (Name | undefined)[] = /* @__PURE__ */ Array.from({ length: 1024 }, () => undefined);
let messages = 0;

/**
 * The numbers by which a message refers to names that it has had before. The number of a keyword is kept in a table that
 * all messages share, so that most messages need none of their own.
 */
export class NumberedNames {
  #message = ++messages;
  /** How many names have a number. */
  size = 0;
  #texts: Map<string, number> | undefined;
  #longNames: Map<string, number> | undefined;

  /** Forgets all numbers. */
  clear(): void {
    this.#message = ++messages;
    this.size = 0;
    this.#texts = undefined;
    this.#longNames = undefined;
  }

  /**
   * The number of a keyword's name. Undefined where it has none yet: it gets the next, if that is below `end`. Refuses
   * what is no such name. `place` is any number that says where the keyword stands.
   */
  keyword(name: string, end: number, place: number): number | undefined {
    const found = recent[place & 1023];
    if (found !== undefined && found.name === name) return this.#numberOf(found, end);
    const known = names.get(name) ?? makeName(name);
    if (known === undefined) {
      this.#longNames ??= new Map();
      return this.#numberIn(this.#longNames, name, end);
    }
    recent[place & 1023] = known;
    return this.#numberOf(known, end);
  }

  #numberOf(known: Name, end: number): number | undefined {
    if (known.message === this.#message) return known.number;
    if (this.size < end) {
      known.message = this.#message;
      known.number = this.size++;
    }
    return undefined;
  }

  /** The same for a text of any kind. */
  text(text: string, end: number): number | undefined {
    this.#texts ??= new Map();
    return this.#numberIn(this.#texts, text, end);
  }

  #numberIn(numbers: Map<string, number>, text: string, end: number): number | undefined {
    const key = tableKey(text);
    const number = numbers.get(key);
    if (number === undefined && this.size < end) numbers.set(key, this.size++);
    return number;
  }
}

/** Makes a name, and keeps it; undefined for one that is too long to be kept. */
function makeName(name: string): Name | undefined {
  if (!isNewKeywordName(name)) refuse();
  if (name.length > LONGEST_KEY) return undefined;
  const made = new Name(copyText(name));
  names.set(made.name, made);
  return made;
}
