import { type ClientOptions, type Codec, UsageError } from "@sente-lite/protocol";

/**
 * The address of one attempt (PROTOCOL.md section 1): the user's URL with the handshake's parameters. Parameters of
 * the protocol's own names cannot be overridden.
 */
export function attemptUrl(
  url: string,
  parts: {
    readonly clientId: string;
    readonly attempt: number;
    readonly codec: Codec;
    readonly csrfToken: string | undefined;
    readonly params: Readonly<Record<string, string>>;
  },
): string {
  const query = new Map<string, string>(Object.entries(parts.params));
  query.set("client-id", parts.clientId);
  query.set("sente-lite", "1");
  query.set("attempt", String(parts.attempt));
  query.set("codec", parts.codec.name);
  if (parts.csrfToken !== undefined) query.set("csrf-token", parts.csrfToken);
  const pairs = [...query].map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  const [base = ""] = url.split("#", 1);
  return `${base}${base.includes("?") ? "&" : "?"}${pairs.join("&")}`;
}

/** `ws:` and `wss:` for `http:` and `https:`; throws `UsageError` `bad-url` for what is no address of a socket. */
export function socketUrl(url: string): string {
  const scheme = /^(ws|wss|http|https):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) throw new UsageError("bad-url", `not an address of a channel socket: ${url.slice(0, 200)}`);
  return scheme.startsWith("http") ? `ws${url.slice(4)}` : url;
}

/** The codec of the options, or the default. */
export function codecOf(options: ClientOptions, fallback: Codec | undefined): Codec {
  const codec = options.codec ?? fallback;
  if (codec === undefined) throw new UsageError("no-codec", "give the client a codec");
  if (options.serialization !== undefined && options.serialization !== codec.name) {
    throw new UsageError(
      "unknown-codec",
      `serialization "${options.serialization}" needs its codec as the option codec`,
    );
  }
  return codec;
}
