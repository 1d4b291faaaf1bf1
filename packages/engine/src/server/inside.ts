import type { Codec } from "@sente-lite/protocol";
import type { Host } from "../host.ts";
import type { UpgradeRequest } from "./request.ts";
import type { Decision } from "./server.ts";

/** What `connectInMemory` needs of a server beside its public names. */
export interface ServerInside {
  readonly host: Host;
  readonly useHost: (host: Host) => void;
  readonly codecs: readonly Codec[];
  readonly admit: (request: UpgradeRequest) => Promise<Decision>;
}

/** The key of a server's inside; of the registry, so that two copies of the library understand each other. */
export const INSIDE_SERVER: unique symbol = Symbol.for("sente-lite/server");
