import { makeChannelSocketClient, startRouter } from "@sente-lite/bun";
import type { ClientTarget } from "./target.ts";

export const bunClient: ClientTarget = {
  name: "bun",
  capabilities: {
    limitsReceived: false,
    sendsOrigin: false,
    terminates: true,
    setsHeaders: true,
  },
  knownFailures: {},
  makeClient: makeChannelSocketClient,
  startRouter,
  WebSocket: globalThis.WebSocket,
};
