import { fixtureSuite } from "./suites/fixture-suite.ts";
import { fixtureOf } from "./targets/fixtures.ts";

fixtureSuite(fixtureOf("node"));
