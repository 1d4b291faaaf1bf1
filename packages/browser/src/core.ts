// The same names as the main entry, without a default codec: only the one that you import becomes part of your page.
import type { Address, AnyContract, ChannelSocketClient, ClientOptions, Codec } from "@sente-lite/protocol";
import { clientMaker } from "./client.ts";

export { startRouter } from "@sente-lite/engine/client";
export * from "@sente-lite/protocol";

const makeClient = clientMaker([]);

/** Makes a channel-socket client; `codec` is required here. Throws `UsageError`. */
export function makeChannelSocketClient<C extends AnyContract | undefined = undefined, K extends Codec = Codec>(
  url: Address,
  options: ClientOptions<C, K> & { readonly codec: unknown },
): ChannelSocketClient<C> {
  return makeClient<C, K>(url, options);
}
