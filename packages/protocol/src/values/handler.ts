/**
 * A type of the user's own: how it is recognised, what stands for it on the wire, and how it is read.
 * It travels as `Tagged(tag, write(value))`, so a peer without the handler receives a `Tagged`.
 */
export interface Handler<T = AnyType> {
  readonly tag: string;
  is(value: unknown): boolean;
  write(value: T): unknown;
  /** What `write` made, as a peer sent it: check it as you would a form. */
  read(rep: AnyType): T;
}

// biome-ignore lint/suspicious/noExplicitAny: handlers of all types stand in one list, each with its own type for `write` and `read`.
type AnyType = any;
