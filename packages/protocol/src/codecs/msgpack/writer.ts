import { type Kind, kindOf } from "../../values/brand.ts";
import { Identities } from "../../values/identity.ts";
import { isTagName } from "../../values/keyword-name.ts";
import { type Integer, isLong, isRatio, isSafe, reduceRatio } from "../../values/numbers.ts";
import { isLinkOrOther, scalarType } from "../../values/scalars.ts";
import type { Double, Tagged } from "../../values/types.ts";
import type { Handler } from "../codec.ts";
import { handlerOf, refuse, refuseKeys, writeOrExplain } from "../refuse.ts";
import { Packer } from "./packer.ts";

/** Walks through a value and writes what all codecs over MessagePack write alike. */
export abstract class Writer extends Packer {
  #handlers: readonly Handler[] = [];
  #identities: Identities | undefined;

  /** Begins another message. */
  begin(handlers: readonly Handler[]): void {
    this.#handlers = handlers;
    this.#identities = undefined;
    this.at = 0;
  }

  /** Compares the keys and members of this message, and keeps what handlers wrote. */
  get identities(): Identities {
    this.#identities ??= new Identities(this.#handlers);
    return this.#identities;
  }

  /** Writes the whole message. */
  abstract top(value: unknown, depth: number): void;
  protected abstract writePlainText(value: string): void;
  protected abstract keyword(name: string, place: number): void;
  protected abstract float(value: number): void;
  /** Writes an integer of more than 64 bits. */
  protected abstract writeLargeInteger(value: bigint): void;
  protected abstract scalar(value: object, kind: Kind): void;
  protected abstract set(members: Set<unknown>, depth: number): void;
  protected abstract map(map: Map<unknown, unknown>, depth: number): void;
  /** Writes a tagged value; its tag was checked, and so was the depth. */
  protected abstract writeTaggedValue(tag: string, value: unknown, depth: number): void;
  protected abstract ratio(parts: readonly Integer[]): void;

  value(value: unknown, depth: number): void {
    switch (typeof value) {
      case "string":
        this.writePlainText(value);
        break;
      case "number":
        if (Number.isSafeInteger(value) && (value !== 0 || 1 / value > 0)) this.int(value);
        else this.float(value);
        break;
      case "boolean":
        this.byte(value ? 0xc3 : 0xc2);
        break;
      case "bigint":
        this.integerOfAnySize(value);
        break;
      case "object":
        if (value === null) this.byte(0xc0);
        else this.#object(value, kindOf(value), depth);
        break;
      case "undefined":
        this.byte(0xc0);
        break;
      default:
        refuse();
    }
  }

  protected integerOfAnySize(value: bigint): void {
    if (isSafe(value)) this.int(Number(value));
    else if (isLong(value)) this.bigint(value);
    else this.writeLargeInteger(value);
  }

  #object(value: object, kind: Kind, depth: number): void {
    switch (kind) {
      case "array":
        this.items(value as unknown[], depth);
        break;
      case "object":
        this.#record(value as Record<string, unknown>, depth);
        break;
      case "map":
        if (depth < 1) refuse();
        refuseKeys(value as Map<unknown, unknown>, this.identities);
        this.map(value as Map<unknown, unknown>, depth);
        break;
      case "set":
        refuseKeys(value as Set<unknown>, this.identities);
        this.set(value as Set<unknown>, depth);
        break;
      case "keyword":
        this.scalar(value, kind);
        break;
      case "double":
        this.float((value as Double).value);
        break;
      case "instance": {
        const handler = handlerOf(value, this.#handlers);
        this.#writeTagged(handler.tag, this.identities.writeOnce(value, handler), depth);
        break;
      }
      default:
        if (scalarType(value, kind) !== undefined) this.scalar(value, kind);
        else if ((value as Tagged).tag === "ratio") this.#ratio((value as Tagged).value);
        else this.#writeTagged((value as Tagged).tag, (value as Tagged).value, depth);
    }
  }

  protected items(items: readonly unknown[], depth: number): void {
    if (depth < 1) refuse();
    this.arrayHead(items.length);
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      if (item === undefined && !(i in items)) refuse();
      this.value(item, depth - 1);
    }
  }

  #record(record: Record<string, unknown>, depth: number): void {
    if (depth < 1) refuse();
    const keys = Object.keys(record);
    const head = this.at;
    this.mapHead(keys.length);
    const first = depth << 5;
    let count = 0;
    for (const key of keys) {
      const item = record[key];
      if (item === undefined) continue;
      this.keyword(key, first + Math.min(count++, 31));
      this.value(item, depth - 1);
    }
    if (count < keys.length) this.correctMapHead(head, keys.length, count);
  }

  #writeTagged(tag: string, value: unknown, depth: number): void {
    if (depth < 1 || !isTagName(tag) || !isLinkOrOther(tag, value)) refuse();
    this.writeTaggedValue(tag, value, depth);
  }

  #ratio(value: unknown): void {
    const reduced = isRatio(value) ? reduceRatio(value[0], value[1]) : refuse();
    if (Array.isArray(reduced)) this.ratio(reduced);
    else this.value(reduced, 0);
  }
}

/** Makes the function with which a codec writes. It keeps its writer: to make one takes longer than to write a small message. */
export function writeWith(create: () => Writer): BinaryWrite {
  let kept: Writer | undefined;
  return (value, maxDepth, handlers) =>
    writeOrExplain(
      () => {
        // A handler may write a message of its own meanwhile.
        const writer = kept ?? create();
        kept = undefined;
        writer.begin(handlers);
        writer.top(value, maxDepth);
        const written = writer.finish();
        writer.begin([]);
        kept = writer;
        return written;
      },
      value,
      maxDepth,
      handlers,
    );
}

export type BinaryWrite = (value: unknown, maxDepth: number, handlers: readonly Handler[]) => Uint8Array;
