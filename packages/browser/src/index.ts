import { transitJson } from "@sente-lite/protocol/transit-json";
import { clientMaker, type MakeClient } from "./client.ts";

export { startRouter } from "@sente-lite/engine/client";
export * from "@sente-lite/protocol";
export type { MakeClient } from "./client.ts";

/**
 * Makes a channel-socket client, which connects at once and stays connected. It speaks transit-json by default; a URL
 * that is a path, as `"/chsk"`, is on the page's own host. Throws `UsageError` for options that cannot work; a server
 * that cannot be reached is a matter of `client.state`.
 */
export const makeChannelSocketClient: MakeClient = clientMaker([transitJson]);
