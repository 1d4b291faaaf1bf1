import type { Codec } from "../codecs/codec.ts";
import type { Backpressure, ServerLimits } from "../limits.ts";
import type { FeatureSet } from "../wire/features.ts";
import type { Form } from "../wire/frames.ts";
import type { Batch } from "./batch.ts";
import type { Outputs, ServerOutput } from "./outputs.ts";

export type ServerSessionLimits = Pick<
  ServerLimits,
  | "maxQueuedFrames"
  | "maxQueuedBytes"
  | "highWaterBytes"
  | "pingIntervalMs"
  | "pingTimeoutMs"
  | "maxPayloadBytes"
  | "sessionWindowMs"
  | "maxRequestsPerConnection"
  | "refreshLeadMs"
>;

/** What a `ServerSession` is made with. */
export interface ServerSessionOptions {
  readonly codec: Codec;
  readonly form: Form;
  /** What the peer knows of what we add to Sente's wire (section 1.8). */
  readonly features: FeatureSet;
  /** True where the peer sent `sente-lite=1`. Default: true. */
  readonly ownPeer?: boolean;
  /** True where the peer named its features, and so is told those that are used. */
  readonly tellsFeatures?: boolean;
  readonly limits: ServerSessionLimits;
  /** The empty batch that all sessions of a server share. */
  readonly root: Batch;
  /** Default `close`. */
  readonly backpressure?: Backpressure | undefined;
  /** Where it outlives its connections (section 6): its id. Undefined: it ends with its connection. */
  readonly id?: string | undefined;
}

/** What a session and its parts share. */
export interface ServerParts {
  /** True where the session outlives its connections, so that what was transmitted is held. */
  readonly hasSession: boolean;
  readonly outputs: Outputs<ServerOutput>;
}
