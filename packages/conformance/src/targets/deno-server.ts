import { runtimePath } from "../../../../tooling/scripts/runtimes.mjs";
import { type FixtureCommand, startServer } from "./node-server.ts";
import type { ServerTarget } from "./target.ts";

export const denoFixture: FixtureCommand = {
  runtime: "deno",
  command: runtimePath("deno"),
  args: ["run", "--no-prompt", "--allow-net"],
};

export const denoServer: ServerTarget = {
  name: "deno",
  capabilities: {
    codecs: ["edn", "json", "transit-json"],
    resetsUnread: true,
    terminates: false,
    limitsReceived: false,
    pausesReading: false,
  },
  knownFailures: {
    "a frame that is not masked: that connection ends, and the server lives":
      "Deno takes frames that are not masked, which RFC 6455 section 5.1 asks a server to close for",
  },
  start: (start) => startServer(denoFixture, start),
};
