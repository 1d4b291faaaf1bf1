import { makeChannelSocketClient } from "@sente-lite/browser";
import { edn } from "@sente-lite/browser/edn";
import { json } from "@sente-lite/browser/json";
import { transitJson } from "@sente-lite/browser/transit-json";
import type { ClientTarget } from "./target.ts";

export const chromiumClient: ClientTarget = {
  name: "chromium",
  capabilities: {
    codecs: ["edn", "json", "transit-json"],
    limitsReceived: false,
    sendsOrigin: true,
    terminates: false,
    setsHeaders: false,
  },
  knownFailures: {},
  makeClient: makeChannelSocketClient,
  codecs: { edn, json, "transit-json": transitJson },
  WebSocket: globalThis.WebSocket,
};
