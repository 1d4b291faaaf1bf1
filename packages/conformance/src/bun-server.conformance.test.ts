import { fixtureSuite } from "./suites/fixture-suite.ts";
import { serverSuite } from "./suites/server-suite.ts";
import { bunFixture, bunServer } from "./targets/bun-server.ts";

// The suite runs in Node and drives the fixture of Bun, whose handshake says where it runs.
serverSuite(bunServer);
fixtureSuite(bunFixture);
