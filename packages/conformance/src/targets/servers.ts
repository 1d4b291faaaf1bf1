import { serverNames, type TestedServer } from "../runtimes.mjs";
import { startServer, testedFixtureOf } from "./fixtures.ts";
import type { ServerTarget } from "./target.ts";

/** Of a runtime that can do all that the suites ask about. */
const all: ServerTarget["capabilities"] = {
  resetsUnread: false,
  terminates: true,
  limitsReceived: true,
  pausesReading: true,
  compresses: true,
  tellsPings: true,
};

/** What the suites are told of each server. */
const known: Readonly<Record<TestedServer, Pick<ServerTarget, "capabilities" | "knownFailures" | "frameFaults">>> = {
  node: {
    capabilities: all,
    knownFailures: {},
    frameFaults: {},
  },
  bun: {
    capabilities: all,
    knownFailures: {},
    frameFaults: {},
  },
  deno: {
    capabilities: {
      resetsUnread: true,
      terminates: false,
      limitsReceived: false,
      pausesReading: false,
      compresses: false,
      tellsPings: false,
    },
    knownFailures: {
      "a frame that is not masked: that connection ends, and the server lives":
        "Deno takes frames that are not masked, which RFC 6455 section 5.1 asks a server to close for",
    },
    frameFaults: {
      "shapes: a text that is not masked": "section 5.1 asks a server to close",
      "shapes: a ping that is not masked": "section 5.1 asks a server to close",
      "closes: a close of 126 bytes": "section 5.5 allows 125",
    },
  },
  "node-on-deno": {
    capabilities: { ...all, compresses: false },
    knownFailures: {},
    frameFaults: {},
  },
};

export function serverOf(name: TestedServer): ServerTarget {
  return { name, ...known[name], start: (start) => startServer(testedFixtureOf(name), start) };
}

/** The own server of every runtime. */
export const servers: readonly ServerTarget[] = serverNames.map(serverOf);
