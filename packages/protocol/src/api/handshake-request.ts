/** The request that opened a connection, the same on every runtime. */
export interface HandshakeRequest {
  readonly url: HandshakeUrl;
  /** As they came, all of them; where a handler changes them, that changes nothing but what later handlers read. */
  readonly headers: HandshakeHeaders;
  readonly clientId: string;
  readonly remoteAddress?: string | undefined;
  /** What the runtime itself gave: an `http.IncomingMessage`, a `Request`. */
  readonly raw: unknown;
}

/** The web's `Headers`: the type that the user's project has for it, else the part that every runtime is sure to have. */
export type HandshakeHeaders = typeof globalThis extends { Headers: { new (...args: never[]): infer Own } }
  ? Own
  : {
      get(name: string): string | null;
      has(name: string): boolean;
      forEach(fn: (value: string, name: string) => void): void;
    };

/** The web's `URL`, in the same way. */
export type HandshakeUrl = typeof globalThis extends { URL: { new (...args: never[]): infer Own } }
  ? Own
  : {
      readonly href: string;
      readonly host: string;
      readonly pathname: string;
      readonly searchParams: { get(name: string): string | null; has(name: string): boolean };
    };
