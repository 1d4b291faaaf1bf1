import type { StandardSchema } from "../standard-schema.ts";
import type { Keyword } from "../values/keyword.ts";
import type { Double, Sym, Tagged, Uri, Uuid } from "../values/types.ts";

// What is wrong with a type that is to be sent, as text: these types become the compile errors of a contract. Each is
// `never` where nothing is wrong, and names only the outermost place of a value that nests.

type Primitive = null | undefined | boolean | string | number | bigint | symbol;

/** How deep types are followed: recursive ones have no end. */
type Deeper = [never, 0, 1, 2, 3, 4, 5, 6, 7, 8];
type Start = 9;

type IsAny<T> = 0 extends 1 & T ? true : false;

/** Keys that stand for many: `string`, `number`, and patterns. */
type FreeKeys<T> = keyof { [K in keyof T as Record<never, never> extends Record<K, 1> ? K : never]: 1 };

/** True for instances of classes, as far as types tell: they have methods. */
type HasMethods<T> = true extends {
  [K in keyof T]-?: IsAny<T[K]> extends true
    ? never
    : NonNullable<T[K]> extends (...args: never) => unknown
      ? true
      : never;
}[keyof T]
  ? true
  : false;

/** The places with free string keys (the keys of an object are keywords), and those that arrive as another type. */
export type FreeKeyProblem<T, Path extends string> = ProblemAt<"keys", T, Path, Start>;

/** The places with a type that JSON does not have, which would arrive as another. Places with a validator are left to it. */
export type JsonProblem<T, Path extends string> = T extends StandardSchema ? never : ProblemAt<"json", T, Path, Start>;

type Kind = "keys" | "json";

/** Level by level, so that of a recursive type only the first place is named. */
type ProblemAt<K extends Kind, T, Path extends string, Depth extends number> = unknown extends T
  ? never
  : [ProblemHere<K, T, Path>] extends [never]
    ? ProblemBelow<K, T, Path, Depth>
    : ProblemHere<K, T, Path>;

type ProblemBelow<K extends Kind, T, Path extends string, Depth extends number> = [Depth] extends [never]
  ? never
  : T extends Primitive
    ? never
    : T extends readonly (infer Item)[]
      ? ProblemAt<K, Item, `${Path}[]`, Deeper[Depth]>
      : T extends ReadonlyMap<infer Key, infer Item>
        ? ProblemAt<K, Key | Item, `${Path}[]`, Deeper[Depth]>
        : T extends ReadonlySet<infer Item>
          ? ProblemAt<K, Item, `${Path}[]`, Deeper[Depth]>
          : HasMethods<T> extends true
            ? never
            : ProblemInObject<K, T, Path, Depth>;

type ProblemInObject<K extends Kind, T, Path extends string, Depth extends number> = [
  ProblemInMember<K, T, Path>,
] extends [never]
  ? { [Key in keyof T & string]-?: ProblemBelow<K, T[Key], `${Path}.${Key}`, Deeper[Depth]> }[keyof T & string]
  : ProblemInMember<K, T, Path>;

type ProblemInMember<K extends Kind, T, Path extends string> = {
  [Key in keyof T & string]-?: ProblemHere<K, T[Key], `${Path}.${Key}`>;
}[keyof T & string];

type ProblemHere<K extends Kind, T, Path extends string> = unknown extends T
  ? never
  : K extends "keys"
    ? FreeKeyHere<T, Path>
    : JsonLossHere<T, Path>;

type FreeKeyHere<T, Path extends string> = T extends Primitive | readonly unknown[]
  ? never
  : HasMethods<T> extends true
    ? OtherBytes<T, Path>
    : [FreeKeys<T>] extends [never]
      ? never
      : `${Path} has free string keys, but the keys of an object are keywords: make it a ReadonlyMap (dict makes one), or give the contract the codec json`;

/** Bytes of any type can be sent, and arrive as a Uint8Array. */
type OtherBytes<T, Path extends string> = T extends Uint8Array
  ? never
  : T extends ArrayBufferView | ArrayBufferLike
    ? `${Path} would arrive as a Uint8Array: make it one`
    : never;

type JsonLossHere<T, Path extends string> = [NotInJson<T>] extends [never]
  ? never
  : `${Path} is a ${NotInJson<T>}, and JSON has none`;

type NotInJson<T> = T extends bigint
  ? "bigint"
  : T extends Primitive | readonly unknown[]
    ? never
    : T extends Date
      ? "Date"
      : T extends Uint8Array
        ? "Uint8Array"
        : T extends ReadonlyMap<unknown, unknown>
          ? "Map"
          : T extends ReadonlySet<unknown>
            ? "Set"
            : T extends Keyword
              ? "Keyword"
              : T extends Uuid
                ? "Uuid"
                : T extends Sym
                  ? "Sym"
                  : T extends Uri
                    ? "Uri"
                    : T extends Double
                      ? "Double"
                      : T extends Tagged
                        ? "Tagged"
                        : HasMethods<T> extends true
                          ? "class instance"
                          : never;
