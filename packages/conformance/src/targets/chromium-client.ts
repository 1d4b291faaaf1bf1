import { makeChannelSocketClient, startRouter } from "@sente-lite/browser";
import type { ClientTarget } from "./target.ts";

export const chromiumClient: ClientTarget = {
  name: "chromium",
  capabilities: {
    limitsReceived: false,
    sendsOrigin: true,
    terminates: false,
    setsHeaders: false,
  },
  knownFailures: {},
  makeClient: makeChannelSocketClient,
  startRouter,
  WebSocket: globalThis.WebSocket,
};
