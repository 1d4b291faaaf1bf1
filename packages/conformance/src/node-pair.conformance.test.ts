import { pairSuite } from "./suites/pair-suite.ts";
import { nodeClient } from "./targets/node-client.ts";

for (const server of ["node", "bun", "deno"]) {
  for (const codec of nodeClient.capabilities.codecs) {
    pairSuite({ client: nodeClient, server, codec, faults: codec === "transit-json", knownFailures: {} });
  }
}
