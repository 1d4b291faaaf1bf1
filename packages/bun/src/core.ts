// The same names as the main entry, without default codecs: only those that you import become part of a bundle.
import type { Address, AnyContract, ChannelSocketClient, Codec, UidOf } from "@sente-lite/protocol";
import { type BunClientOptions, clientMaker } from "./client.ts";
import { serverMaker } from "./server.ts";
import type { BunServer, BunServerOptions } from "./server-types.ts";

export {
  allowOrigin,
  isValidCsrfToken,
  type Listening,
  type RequestWithOrigin,
  startRouter,
} from "@sente-lite/engine";
export * from "@sente-lite/protocol";
export type { BunClientOptions } from "./client.ts";
export type { BunServer, BunServerOptions } from "./server-types.ts";

/** Makes a channel-socket server; `codecs` is required here. Throws `UsageError`. */
export const makeChannelSocketServer: <
  Context = unknown,
  C extends AnyContract | undefined = undefined,
  Codecs extends readonly Codec[] = readonly Codec[],
  Uid extends string | null | undefined = string | null | undefined,
>(
  options: BunServerOptions<Context, C, Codecs, Uid> & { readonly codecs: unknown },
) => BunServer<Context, C, UidOf<Uid>> = serverMaker([]);

const makeClient = clientMaker([]);

/** Makes a channel-socket client; `codec` is required here. Throws `UsageError`. */
export function makeChannelSocketClient<C extends AnyContract | undefined = undefined, K extends Codec = Codec>(
  url: Address,
  options: BunClientOptions<C, K> & { readonly codec: unknown },
): ChannelSocketClient<C> {
  return makeClient<C, K>(url, options);
}
