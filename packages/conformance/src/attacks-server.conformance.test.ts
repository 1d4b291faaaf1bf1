import { testedNames } from "./runtimes.mjs";
import { attackSuite } from "./suites/abuse/attack-suite.ts";
import { serverOf } from "./targets/servers.ts";

for (const name of testedNames) attackSuite(serverOf(name));
