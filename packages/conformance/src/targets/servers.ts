import { type ServerName, serverNames } from "../runtimes.mjs";
import { fixtureOf, startServer } from "./fixtures.ts";
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

/** What the suites are told of each runtime's server. */
const known: Readonly<Record<ServerName, Pick<ServerTarget, "capabilities" | "knownFailures" | "frameFaults">>> = {
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
};

export function serverOf(name: ServerName): ServerTarget {
  return { name, ...known[name], start: (start) => startServer(fixtureOf(name), start) };
}

/** The server of every runtime. */
export const servers: readonly ServerTarget[] = serverNames.map(serverOf);
