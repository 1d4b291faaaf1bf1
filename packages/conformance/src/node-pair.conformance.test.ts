import { pairSuites } from "./suites/pair-suite.ts";
import { nodeClient } from "./targets/node-client.ts";

pairSuites(nodeClient);
