interface Disposable {
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/**
 * The method that `await using` calls. Where the runtime has no such symbol the method is missing, against its type: there
 * the compiled `await using` fails for want of the symbol, whatever is disposed.
 */
export function makeDisposable(close: () => Promise<void>): Disposable {
  return (Symbol.asyncDispose === undefined ? {} : { [Symbol.asyncDispose]: close }) as Disposable;
}
