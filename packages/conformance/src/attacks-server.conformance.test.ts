import { serverNames } from "./runtimes.mjs";
import { attackSuite } from "./suites/abuse/attack-suite.ts";
import { serverOf } from "./targets/servers.ts";

for (const name of serverNames) attackSuite({ ...serverOf(name), name });
