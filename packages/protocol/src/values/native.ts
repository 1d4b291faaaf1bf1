/** What runtimes have of their own, many times as fast as JavaScript: the language's, or Node's. In no "lib" as yet. */
export interface Native {
  readonly Uint8Array: {
    readonly fromBase64?: (text: string) => Uint8Array;
    readonly prototype: { readonly toBase64?: () => string };
  };
  readonly Buffer?: {
    from(bytes: ArrayBufferLike, offset: number, length: number): { toString(encoding: "base64"): string };
    from(text: string, encoding: "base64"): Uint8Array;
    byteLength(text: string): number;
  };
}

/** Read only when there is something to do: an import touches nothing of its runtime. */
export const native = globalThis as unknown as Native;
