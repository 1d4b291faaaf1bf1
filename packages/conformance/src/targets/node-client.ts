import { makeChannelSocketClient } from "@sente-lite/node";
import { edn } from "@sente-lite/node/edn";
import { json } from "@sente-lite/node/json";
import { transitJson } from "@sente-lite/node/transit-json";
import { WebSocket } from "ws";
import type { ClientTarget } from "./target.ts";

export const nodeClient: ClientTarget = {
  name: "node",
  capabilities: {
    codecs: ["edn", "json", "transit-json"],
    limitsReceived: true,
    sendsOrigin: false,
    terminates: true,
    setsHeaders: true,
  },
  knownFailures: {},
  makeClient: makeChannelSocketClient,
  codecs: { edn, json, "transit-json": transitJson },
  WebSocket,
};
