import { fixtureSuite } from "./suites/fixture-suite.ts";
import { serverSuite } from "./suites/server-suite.ts";
import { fixtureOf } from "./targets/fixtures.ts";
import { serverOf } from "./targets/servers.ts";

// The suite runs in Node and drives the fixture of Bun, whose handshake says where it runs.
serverSuite(serverOf("bun"));
fixtureSuite(fixtureOf("bun"));
