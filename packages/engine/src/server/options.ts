import { type Codec, type ServerOptions, serverDefaults, UsageError } from "@sente-lite/protocol";
import { checkOptions, type OptionKind, type OptionKinds } from "@sente-lite/protocol/options";
import { checkCodec } from "../client/options.ts";
import { type CanCompress, checkCompression, type WithCompression } from "../compression.ts";
import { checkBackplane } from "./cluster.ts";
import { checkHosts, checkOrigins } from "./origin.ts";
import { checkBindSession } from "./session-binding.ts";

const kinds = {
  ...serverDefaults,
  contract: 0,
  userIdFn: "function",
  authorizedFn: "function",
  rejectFn: "function",
  handshakeDataFn: "function",
  csrfTokenFn: "function",
  rejectWith: ["auto", "close", "http"],
  codecs: 0,
  rooms: "object",
  backplane: 0,
  presence: ["cluster", "local"],
  allowedOrigins: 0,
  allowedHosts: 0,
  trustProxy: 0,
  bindSession: 0,
  backpressure: ["close", "drop-oldest", "latest-by-key"],
  serialization: "string",
  overRate: ["delay", "drop", "close"],
  compression: "boolean|object",
} satisfies Record<keyof (ServerOptions & WithCompression), OptionKind>;

/** Names that Sente, or another library, has for them. */
const meant = {
  packer: "codecs",
  codec: "codecs",
  authorizeFn: "authorizedFn",
  auth: "authorizedFn",
  cors: "allowedOrigins",
  origins: "allowedOrigins",
  channels: "rooms",
  adapter: "backplane",
  cluster: "backplane",
  perMessageDeflate: "compression",
  rateLimit: "maxEventsPerSecond",
  maxConnectionsPerIp: "maxConnectionsPerAddress",
};

/** Throws `UsageError` for an option that a server does not take, or not so; `own` are those of its runtime. */
export function checkServerOptions(options: unknown, own: OptionKinds = {}, can?: CanCompress): void {
  checkOptions("makeChannelSocketServer", options, { ...kinds, ...own }, meant);
  const { allowedOrigins, allowedHosts, bindSession, compression } = (options ?? {}) as ServerOptions & WithCompression;
  checkCompression("makeChannelSocketServer", compression, can);
  checkBackplane((options as ServerOptions | undefined)?.backplane);
  if ((options as ServerOptions | undefined)?.codecs === null) {
    throw new UsageError("bad-option", "makeChannelSocketServer: the option codecs is an array of codecs, not null");
  }
  if (allowedHosts !== undefined) checkHosts(allowedHosts);
  if (bindSession !== undefined) checkBindSession(bindSession);
  if (allowedOrigins !== undefined) checkOrigins("allowedOrigins", allowedOrigins);
}

/** The server's codecs, that of `serialization` first. */
export function codecsOf(codecs: readonly Codec[], serialization: string | undefined): readonly Codec[] {
  if (!Array.isArray(codecs)) throw new UsageError("bad-option", "codecs is an array of codecs");
  if (codecs.length === 0) throw new UsageError("no-codec", "codecs is empty");
  for (const codec of codecs) checkCodec(codec);
  if (serialization === undefined) return codecs;
  const first = codecs.find((codec) => codec.name === serialization);
  if (first === undefined) {
    const names = codecs.map((codec) => codec.name).join(", ");
    throw new UsageError("unknown-codec", `serialization "${serialization}" is none of codecs: ${names}`);
  }
  return [first, ...codecs.filter((codec) => codec !== first)];
}
