import { fixtureSuite } from "./suites/fixture-suite.ts";
import { serverSuite } from "./suites/server-suite.ts";
import { denoFixture, denoServer } from "./targets/deno-server.ts";

// The suite runs in Node and drives the fixture of Deno, whose handshake says where it runs.
serverSuite(denoServer);
fixtureSuite(denoFixture);
