import { Identities } from "../../values/identity.ts";
import { type Interned, intern, isKw, nextMap } from "../../values/keyword.ts";
import { Tagged } from "../../values/types.ts";
import type { Handler } from "../codec.ts";
import { MapBuilder } from "../collections.ts";
import { toKeywordMap } from "../record.ts";
import { readWithHandler } from "../text-codec.ts";
import { refuseDuplicate, requireDistinctKeys } from "./distinct.ts";
import { Unpacker } from "./unpacker.ts";

/** Reads what all codecs over MessagePack read alike; each codec says what texts and extensions mean. */
export abstract class Reader extends Unpacker {
  /** The last key, where it is a keyword. */
  protected found: Interned | undefined;
  #handlers: readonly Handler[] = [];
  #identities: Identities | undefined;

  /** Begins another message. */
  begin(bytes: Uint8Array | undefined, handlers: readonly Handler[]): void {
    this.open(bytes);
    this.#handlers = handlers;
    this.#identities = undefined;
  }

  /** Compares the keys and members of this message. */
  protected get identities(): Identities {
    this.#identities ??= new Identities(this.#handlers);
    return this.#identities;
  }

  protected abstract textValue(length: number): unknown;
  protected abstract array(count: number, depth: number): unknown;
  /** Reads a key of a map with so many of them, and leaves it in `found` where it is a keyword. */
  protected abstract key(depth: number, count: number): unknown;
  /** Reads what begins with any other byte: an extension, or a type that MessagePack does not have. */
  protected abstract readOther(type: number, depth: number): unknown;

  value(depth: number): unknown {
    const type = this.byte();
    if (type < 0x80) return type;
    if (type < 0x90) return this.map(this.count(type & 0xf, 2), depth);
    if (type < 0xa0) return this.array(this.count(type & 0xf, 1), depth);
    if (type < 0xc0) return this.textValue(type & 0x1f);
    return type >= 0xe0 ? type - 0x100 : this.#readLonger(type, depth);
  }

  #readLonger(type: number, depth: number): unknown {
    switch (type) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.copy(this.uint(1));
      case 0xc5:
        return this.copy(this.uint(2));
      case 0xc6:
        return this.copy(this.uint(4));
      case 0xca:
        return this.float(4);
      case 0xcb:
        return this.float(8);
      case 0xcc:
        return this.uint(1);
      case 0xcd:
        return this.uint(2);
      case 0xce:
        return this.uint(4);
      case 0xcf:
        return this.readUnsignedLong();
      case 0xd0:
        return this.int(1);
      case 0xd1:
        return this.int(2);
      case 0xd2:
        return this.int(4);
      case 0xd3:
        return this.long(true);
      case 0xd9:
        return this.textValue(this.uint(1));
      case 0xda:
        return this.textValue(this.uint(2));
      case 0xdb:
        return this.textValue(this.uint(4));
      case 0xdc:
        return this.array(this.count(this.uint(2), 1), depth);
      case 0xdd:
        return this.array(this.count(this.uint(4), 1), depth);
      case 0xde:
        return this.map(this.count(this.uint(2), 2), depth);
      case 0xdf:
        return this.map(this.count(this.uint(4), 2), depth);
      default:
        return this.readOther(type, depth);
    }
  }

  protected readUnsignedLong(): unknown {
    return this.long(false);
  }

  /** Reads the header of a string and returns its length in bytes; -1, and nothing read, where no string is next. */
  protected textSize(): number {
    const type = this.at < this.end ? (this.bytes[this.at] ?? 0) : 0;
    if (type >= 0xa0 && type < 0xc0) {
      this.at++;
      return type & 0x1f;
    }
    if (type < 0xd9 || type > 0xdb) return -1;
    this.at++;
    return this.uint(type === 0xd9 ? 1 : type === 0xda ? 2 : 4);
  }

  /** Reads the rest of an array, whose first items may have been read before. */
  protected items(items: unknown[], count: number, depth: number): unknown[] {
    this.checkDepth(depth);
    for (let i = items.length; i < count; i++) items.push(this.value(depth - 1));
    return items;
  }

  /** Reads a key that does not look like a keyword, but may be one: in a quote, or made by a handler. */
  protected valueAsKey(depth: number): unknown {
    const key = this.value(depth - 1);
    this.found = isKw(key) ? intern(key.fqn) : undefined;
    return key;
  }

  /** Reads a map: a plain object as long as its keys are keywords, from the first other key on a Map. */
  protected map(count: number, depth: number): unknown {
    this.checkDepth(depth);
    const record: Record<string, unknown> = {};
    const map = nextMap();
    for (let i = 0; i < count; i++) {
      const key = this.key(depth, count);
      const { found } = this;
      const name = found?.key;
      if (found === undefined || name === undefined) return this.mapFrom(record, key, count - i, depth);
      // A keyword that no map since the beginning of this one had cannot be in this one: most need no look-up.
      if (found.map >= map && Object.hasOwn(record, name)) refuseDuplicate(this.refuse);
      found.map = map;
      record[name] = this.value(depth - 1);
    }
    return record;
  }

  /** Reads the rest of a map, from that key on. */
  protected mapFrom(record: Record<string, unknown>, first: unknown, count: number, depth: number): unknown {
    const builder = new MapBuilder(toKeywordMap(record), this.refuse);
    let key = first;
    for (let left = count; left > 0; left--) {
      if (left < count) key = this.key(depth, 0);
      if (builder.map.has(key)) refuseDuplicate(this.refuse);
      builder.set(key, this.value(depth - 1));
    }
    return requireDistinctKeys(builder.map, this.identities, this.refuse);
  }

  /** Makes the value of a tag that is none of the codec's own: by its handler, else a `Tagged`. */
  protected makeTagged(tag: string, value: unknown): unknown {
    const handler = this.#handlers.find((candidate) => candidate.tag === tag);
    return handler === undefined ? new Tagged(tag, value) : readWithHandler(handler, value, this.at);
  }
}

export type BinaryRead = (bytes: Uint8Array, maxDepth: number, handlers: readonly Handler[]) => unknown;

/** Makes the function with which a codec reads. It keeps its reader: to make one takes longer than to read a small message. */
export function readWith(create: () => Reader): BinaryRead {
  let kept: Reader | undefined;
  return (bytes, maxDepth, handlers) => {
    // A handler may read a message of its own meanwhile.
    const reader = kept ?? create();
    kept = undefined;
    reader.begin(bytes, handlers);
    const value = reader.value(maxDepth);
    reader.checkEnd();
    reader.begin(undefined, []);
    kept = reader;
    return value;
  };
}
