import type { Codec } from "@sente-lite/protocol";
import type { Host } from "../host.ts";
import type { Decision } from "./decision.ts";
import type { UpgradeRequest } from "./request.ts";

/** What `connectInMemory` needs of a server beside its public names. */
export interface TestAccess {
  readonly host: Host;
  readonly useHost: (host: Host) => void;
  readonly codecs: readonly Codec[];
  readonly admit: (request: UpgradeRequest) => Promise<Decision>;
}

/** The key of that in a server. The registry of symbols has it, so that two copies of the library find it in each other's servers. */
export const TEST_ACCESS: unique symbol = Symbol.for("sente-lite/server");
