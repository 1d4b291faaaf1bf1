import { clientSuite } from "./suites/client-suite.ts";
import { nodeClient } from "./targets/node-client.ts";

clientSuite(nodeClient);
