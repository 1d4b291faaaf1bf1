// The same names as the main entry, without default codecs: only those that you import become part of a bundle.
import type { AnyContract, ChannelSocketClient, Codec } from "@sente-lite/protocol";
import { type BunClientOptions, clientMaker } from "./client.ts";
import { type BunServer, type BunServerOptions, serverMaker } from "./server.ts";

export { startRouter } from "@sente-lite/engine";
export * from "@sente-lite/protocol";
export type { BunClientOptions } from "./client.ts";
export type { BunServer, BunServerOptions, Listening } from "./server.ts";

/** Makes a channel-socket server; `codecs` is required here. Throws `UsageError`. */
export const makeChannelSocketServer: <
  Context = unknown,
  C extends AnyContract | undefined = undefined,
  Codecs extends readonly Codec[] = readonly Codec[],
>(
  options: BunServerOptions<Context, C, Codecs> & { readonly codecs: unknown },
) => BunServer<Context, C> = serverMaker([]);

const makeClient = clientMaker(undefined);

/** Makes a channel-socket client; `codec` is required here. Throws `UsageError`. */
export function makeChannelSocketClient<C extends AnyContract | undefined = undefined, K extends Codec = Codec>(
  url: string,
  options: BunClientOptions<C, K> & { readonly codec: unknown },
): ChannelSocketClient<C> {
  return makeClient<C, K>(url, options);
}
