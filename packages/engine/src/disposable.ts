/** The method that `await using` calls, on runtimes that know its symbol. */
export function disposable(close: () => Promise<void>): { readonly [Symbol.asyncDispose]?: () => Promise<void> } {
  return Symbol.asyncDispose === undefined ? {} : { [Symbol.asyncDispose]: close };
}
