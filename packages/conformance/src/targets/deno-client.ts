import { makeChannelSocketClient, startRouter } from "@sente-lite/deno";
import type { ClientTarget } from "./target.ts";

export const denoClient: ClientTarget = {
  name: "deno",
  capabilities: {
    limitsReceived: false,
    sendsOrigin: false,
    terminates: false,
    setsHeaders: true,
  },
  knownFailures: {},
  makeClient: makeChannelSocketClient,
  startRouter,
  WebSocket: globalThis.WebSocket,
};
