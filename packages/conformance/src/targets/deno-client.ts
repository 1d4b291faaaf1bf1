import { makeChannelSocketClient } from "@sente-lite/deno";
import { edn } from "@sente-lite/deno/edn";
import { json } from "@sente-lite/deno/json";
import { transitJson } from "@sente-lite/deno/transit-json";
import type { ClientTarget } from "./target.ts";

export const denoClient: ClientTarget = {
  name: "deno",
  capabilities: {
    codecs: ["edn", "json", "transit-json"],
    limitsReceived: false,
    sendsOrigin: false,
    terminates: false,
    setsHeaders: false,
  },
  knownFailures: {},
  makeClient: makeChannelSocketClient,
  codecs: { edn, json, "transit-json": transitJson },
  WebSocket: globalThis.WebSocket,
};
