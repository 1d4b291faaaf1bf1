import { makeChannelSocketClient, startRouter } from "@sente-lite/node";
import { WebSocket } from "ws";
import type { ClientTarget } from "./target.ts";

export const nodeClient: ClientTarget = {
  name: "node",
  capabilities: {
    limitsReceived: true,
    sendsOrigin: false,
    terminates: true,
    setsHeaders: true,
  },
  knownFailures: {},
  makeClient: makeChannelSocketClient,
  startRouter,
  WebSocket,
};
