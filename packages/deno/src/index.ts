import { codecs } from "@sente-lite/engine/codecs";
import { clientMaker, type MakeClient } from "./client.ts";
import { serverMaker } from "./server.ts";
import type { MakeServer } from "./server-types.ts";

export {
  allowOrigin,
  isValidCsrfToken,
  type Listening,
  type RequestWithOrigin,
  startRouter,
} from "@sente-lite/engine";
export * from "@sente-lite/protocol";
export type { DenoClientOptions, MakeClient } from "./client.ts";
export type { DenoServer, DenoServerOptions, MakeServer } from "./server-types.ts";

const known = Object.values(codecs);

/**
 * Makes a channel-socket server. It speaks transit-json by default, and every other codec that has
 * a name with clients that ask for it.
 * Throws `UsageError` for options that cannot work.
 */
export const makeChannelSocketServer: MakeServer = serverMaker(known);

/**
 * Makes a channel-socket client, which connects at once and stays connected. It speaks transit-json by default,
 * or what `serialization` names of those that the server speaks.
 * Throws `UsageError` for options that cannot work; a server that cannot be reached is a matter of `client.state`.
 */
export const makeChannelSocketClient: MakeClient = clientMaker(known);
