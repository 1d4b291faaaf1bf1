import { makeChannelSocketClient } from "@sente-lite/bun";
import { edn } from "@sente-lite/bun/edn";
import { json } from "@sente-lite/bun/json";
import { transitJson } from "@sente-lite/bun/transit-json";
import type { ClientTarget } from "./target.ts";

export const bunClient: ClientTarget = {
  name: "bun",
  capabilities: {
    codecs: ["edn", "json", "transit-json"],
    limitsReceived: false,
    sendsOrigin: false,
    terminates: true,
    setsHeaders: true,
  },
  knownFailures: {},
  makeClient: makeChannelSocketClient,
  codecs: { edn, json, "transit-json": transitJson },
  WebSocket: globalThis.WebSocket,
};
