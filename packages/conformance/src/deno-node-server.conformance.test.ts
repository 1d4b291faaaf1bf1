import { serverSuite } from "./suites/server-suite.ts";
import { serverOf } from "./targets/servers.ts";

// What docs/deno.md advises where strangers reach a server.
serverSuite(serverOf("node-on-deno"));
