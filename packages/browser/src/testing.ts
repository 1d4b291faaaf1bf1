import { createServer, webHost } from "@sente-lite/engine";
import type { ChannelSocketServer, ServerOptions } from "@sente-lite/protocol";
import { transitJson } from "@sente-lite/protocol/transit-json";

export * from "@sente-lite/engine/testing";

/** A server for `connectInMemory`: a page has no other. It speaks transit-json by default. */
export function makeChannelSocketServer<Context = unknown>(
  options: ServerOptions<Context> = {},
): ChannelSocketServer<Context> {
  return createServer<Context>({ host: webHost, codecs: [transitJson], options }).server;
}
