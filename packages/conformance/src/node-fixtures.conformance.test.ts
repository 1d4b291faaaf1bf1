import { fixtureSuite } from "./suites/fixture-suite.ts";
import { nodeFixture } from "./targets/node-server.ts";

fixtureSuite(nodeFixture);
