import { NumberedNames } from "../numbered-names.ts";
import { CACHE_SIZE, isCacheable } from "./cache-code.ts";

/** The indices of the names, tags and keys that a writer has written, and may refer to. */
export class WriteCache {
  readonly #names = new NumberedNames();

  /** Begins another message. */
  clear(): void {
    this.#names.clear();
  }

  /**
   * The index of that keyword. Undefined where it must be written; it has one then. Refuses what is no name of a keyword.
   * `place` is any number that says where the keyword stands.
   */
  keyword(name: string, place: number = placeOf(name)): number | undefined {
    const end = isCacheable(name.length + 2) ? CACHE_SIZE : 0;
    const isFull = this.#names.size === end;
    const index = this.#names.keyword(name, end, place);
    if (index !== undefined || !isFull || end === 0) return index;
    this.#names.clear();
    return this.#names.keyword(name, end, place);
  }

  /** The same for a text that is a tag, a symbol or a map's key, its `~` and type included. */
  text(text: string): number | undefined {
    const end = isCacheable(text.length) ? CACHE_SIZE : 0;
    const isFull = this.#names.size === end;
    const index = this.#names.text(text, end);
    if (index !== undefined || !isFull || end === 0) return index;
    this.#names.clear();
    return this.#names.text(text, end);
  }
}

/** The place of a keyword that is no key, mostly another one for each name: lists of keywords are written a tenth faster so. */
function placeOf(name: string): number {
  return name.length * 31 + name.charCodeAt(name.length - 1);
}
