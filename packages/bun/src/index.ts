import { edn } from "@sente-lite/protocol/edn";
import { json } from "@sente-lite/protocol/json";
import { transitJson } from "@sente-lite/protocol/transit-json";
import { clientMaker, type MakeClient } from "./client.ts";
import { type MakeServer, serverMaker } from "./server.ts";

export { startRouter } from "@sente-lite/engine";
export * from "@sente-lite/protocol";
export type { BunClientOptions, MakeClient } from "./client.ts";
export type { BunServer, BunServerOptions, Listening, MakeServer } from "./server.ts";

/**
 * Makes a channel-socket server. It speaks transit-json by default, and edn and json with clients that name them.
 * Throws `UsageError` for options that cannot work.
 */
export const makeChannelSocketServer: MakeServer = serverMaker([transitJson, edn, json]);

/**
 * Makes a channel-socket client, which connects at once and stays connected. It speaks transit-json by default.
 * Throws `UsageError` for options that cannot work; a server that cannot be reached is a matter of `client.state`.
 */
export const makeChannelSocketClient: MakeClient = clientMaker(transitJson);
