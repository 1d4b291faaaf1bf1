// The same names as the main entry, without default codecs: only those that you import become part of a bundle.
import type { AnyContract, ChannelSocketClient, Codec, ServerOptions } from "@sente-lite/protocol";
import { clientMaker, type NodeClientOptions } from "./client.ts";
import { type NodeServer, serverMaker } from "./server.ts";

export { startRouter } from "@sente-lite/engine";
export * from "@sente-lite/protocol";
export type { NodeClientOptions } from "./client.ts";
export type { Listening, NodeServer, UpgradeServer } from "./server.ts";

/** Makes a channel-socket server; `codecs` is required here. Throws `UsageError`. */
export const makeChannelSocketServer: <
  Context = unknown,
  C extends AnyContract | undefined = undefined,
  Codecs extends readonly Codec[] = readonly Codec[],
>(
  options: ServerOptions<Context, C, Codecs> & { readonly codecs: unknown },
) => NodeServer<Context, C> = serverMaker([]);

const makeClient = clientMaker(undefined);

/** Makes a channel-socket client; `codec` is required here. Throws `UsageError`. */
export function makeChannelSocketClient<C extends AnyContract | undefined = undefined, K extends Codec = Codec>(
  url: string,
  options: NodeClientOptions<C, K> & { readonly codec: unknown },
): ChannelSocketClient<C> {
  return makeClient<C, K>(url, options);
}
