interface Encoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
  encodeInto(text: string, bytes: Uint8Array): { readonly read: number; readonly written: number };
}

interface Decoder {
  decode(bytes: Uint8Array): string;
}

// Every JavaScript runtime has these two, but no "lib" of the language has them, and the pure core compiles with nothing else.
const runtime = globalThis as unknown as {
  readonly TextEncoder: new () => Encoder;
  readonly TextDecoder: new (
    label: string,
    options: { readonly fatal: boolean; readonly ignoreBOM: boolean },
  ) => Decoder;
};

// Made at the first use: whoever imports this, as every client does, touches no global of its runtime by that.
let encoder: Encoder | undefined;
let decoder: Decoder | undefined;

/** Writes UTF-8; half a surrogate pair becomes U+FFFD. */
export const utf8Encoder: Encoder = {
  encode(text) {
    encoder ??= new runtime.TextEncoder();
    return encoder.encode(text);
  },
  encodeInto(text, bytes) {
    encoder ??= new runtime.TextEncoder();
    return encoder.encodeInto(text, bytes);
  },
};

/** Reads UTF-8; throws where it is none, and keeps a byte order mark. */
export const utf8Decoder: Decoder = {
  decode(bytes) {
    decoder ??= new runtime.TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return decoder.decode(bytes);
  },
};
