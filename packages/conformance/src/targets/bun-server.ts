import { runtimePath } from "../../../../tooling/scripts/runtimes.mjs";
import { type FixtureCommand, startServer } from "./node-server.ts";
import type { ServerTarget } from "./target.ts";

export const bunFixture: FixtureCommand = { runtime: "bun", command: runtimePath("bun"), args: ["run"] };

export const bunServer: ServerTarget = {
  name: "bun",
  capabilities: {
    codecs: ["edn", "json", "transit-json"],
    resetsUnread: false,
    terminates: true,
    limitsReceived: true,
    pausesReading: true,
  },
  knownFailures: {},
  start: (start) => startServer(bunFixture, start),
};
