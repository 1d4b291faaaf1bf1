import { type ClientOptions, type Codec, clientDefaults, MAX_CLIENT_ID_LENGTH, UsageError } from "@sente-lite/protocol";
import { checkOptions, type OptionKind } from "@sente-lite/protocol/options";
import { type CanCompress, checkCompression, type WithCompression } from "../compression.ts";
import { checkHeaders, checkParams, checkProtocols } from "./handshake-values.ts";
import type { WithHeaders } from "./socket-opener.ts";

const kinds = {
  ...clientDefaults,
  contract: 0,
  clientId: "string",
  codec: 0,
  csrfToken: "string|function|null",
  csrfVia: ["query", "subprotocol"],
  params: "object|function|null",
  protocols: "object|function",
  onSessionLost: ["report", "resend"],
  connect: "boolean",
  type: ["auto", "ws"],
  serialization: "string",
  compression: "boolean|object",
} satisfies Record<keyof (ClientOptions & WithCompression), OptionKind>;

const withHeaders = { ...kinds, headers: "object|function|null" };

/** Names that Sente, or another library, has for them. */
const meant = {
  packer: "codec",
  csrf: "csrfToken",
  timeoutMs: "requestTimeoutMs",
  query: "params",
  perMessageDeflate: "compression",
};

/** Throws `UsageError` for an option that a client does not take, or not so. */
export function checkClientOptions(options: unknown, takesHeaders: boolean, can?: CanCompress): void {
  checkOptions("makeChannelSocketClient", options, takesHeaders ? withHeaders : kinds, meant);
  const { clientId, compression } = (options ?? {}) as ClientOptions & WithCompression;
  checkCompression("makeChannelSocketClient", compression, can);
  if (clientId !== undefined && (clientId === "" || clientId.length > MAX_CLIENT_ID_LENGTH)) {
    throw new UsageError("bad-option", `clientId has 1 to ${MAX_CLIENT_ID_LENGTH} characters, not ${clientId.length}`);
  }
  const { codec, params, protocols, headers } = (options ?? {}) as ClientOptions & WithHeaders;
  if (codec === null)
    throw new UsageError("bad-option", "makeChannelSocketClient: the option codec is a codec, not null");
  if (typeof params !== "function") checkParams(params);
  if (typeof protocols !== "function") checkProtocols(protocols);
  if (typeof headers !== "function") checkHeaders(headers);
}

/** The codec of the options, by itself or by its name; else the first of those that are known. */
export function codecOf({ codec, serialization }: ClientOptions, known: readonly Codec[] = []): Codec {
  if (codec !== undefined) checkCodec(codec);
  const candidates = codec === undefined ? known : [codec];
  if (candidates[0] === undefined) throw new UsageError("no-codec", "give the client a codec");
  if (serialization === undefined) return candidates[0];
  const named = candidates.find(({ name }) => name === serialization);
  if (named !== undefined) return named;
  throw new UsageError("unknown-codec", `serialization "${serialization}" needs its codec as the option codec`);
}

/** Throws `UsageError` `contract-codec` for another codec than the one that the contract is for. */
export function checkAgreed(agreed: Codec | undefined, codecs: readonly Codec[]): void {
  for (const { name } of codecs) {
    if (agreed === undefined || agreed.name === name) continue;
    throw new UsageError(
      "contract-codec",
      `the contract is for the codec ${agreed.name}, and the options have ${name}`,
    );
  }
}

/** Throws `UsageError` `bad-codec` for what is none: the name of one, or the function that makes one. */
export function checkCodec(codec: unknown): void {
  const { name, encode, decode } = (codec ?? {}) as Partial<Codec>;
  if (typeof name === "string" && typeof encode === "function" && typeof decode === "function") return;
  throw new UsageError("bad-codec", "a codec is an object such as edn, json, or what createEdn() returned");
}
