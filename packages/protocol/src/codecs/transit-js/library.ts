/** What a write handler of transit-js is, as its `makeWriteHandler` returns it: `tag` and `rep` of a value. */
export interface TransitWriteHandler {
  tag(value: never): unknown;
  rep(value: never): unknown;
}

/** A Map, or a `transit.map`, from constructors to their write handlers. */
export interface TransitWriteHandlers {
  forEach(visit: (handler: TransitWriteHandler, by: unknown) => void): void;
}

/** A read handler of transit-js: the value that a representation stands for. */
export type TransitReadHandler = (rep: never, decoder?: unknown) => unknown;

/** A map or a set of transit-js. */
export interface TransitCollection {
  forEach(visit: (value: unknown, key: unknown) => void): void;
}

/** What this adapter calls of the library transit-js, which is given to it: it imports nothing. */
export interface TransitJs {
  keyword(name: string): unknown;
  isKeyword(value: unknown): boolean;
  symbol(name: string): unknown;
  isSymbol(value: unknown): boolean;
  uuid(text: string): unknown;
  isUUID(value: unknown): boolean;
  uri(text: string): unknown;
  integer(digits: string): unknown;
  isInteger(value: unknown): boolean;
  bigInt(digits: string): unknown;
  bigDec(digits: string): unknown;
  map(entries: unknown[]): unknown;
  isMap(value: unknown): boolean;
  set(members: unknown[]): unknown;
  isSet(value: unknown): boolean;
  tagged(tag: string, value: unknown): unknown;
  isTaggedValue(value: unknown): boolean;
  hash(value: unknown): number;
}
