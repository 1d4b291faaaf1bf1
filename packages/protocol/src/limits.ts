/** Every bound of the protocol and its default (PROTOCOL.md section 9). Times in milliseconds, sizes in bytes. */
export interface SharedLimits {
  /** A peer from which nothing came for so long is pinged. Default 10,000 at a client, 12,000 at a server. */
  readonly pingIntervalMs: number;
  /** A pinged peer from which nothing comes for so long is given up (close 4408). Default 8,000. */
  readonly pingTimeoutMs: number;
  /** The largest WebSocket message that is accepted, and sent. Default 1 MiB. */
  readonly maxPayloadBytes: number;
  /** Frames go to the socket only while less than this waits in it. Default 64 KiB. */
  readonly highWaterBytes: number;
  /** Frames that wait to be sent, or to be acknowledged, at most. Default 1,000. */
  readonly maxQueuedFrames: number;
  /** Bytes that wait to be sent, or to be acknowledged, at most. Default 1 MiB. */
  readonly maxQueuedBytes: number;
  /** Received events that wait for a consumer, at most. Default 1,000. */
  readonly maxReceived: number;
  /** Bytes of received events that wait for a consumer, at most. Default 8 MiB. */
  readonly maxReceivedBytes: number;
}

/** The limits of a client: options of the same names. */
export interface ClientLimits extends SharedLimits {
  /** Reconnecting waits a time uniform in [0, min(cap, base * 2^n)]. Defaults 500 and 20,000. */
  readonly reconnectBaseMs: number;
  readonly reconnectCapMs: number;
  /** Attempts in a row that may fail before the client stays closed. Default Infinity. */
  readonly maxAttempts: number;
  /** How long a request waits for its reply. Default 10,000. */
  readonly requestTimeoutMs: number;
  /** How long an attempt may take, up to the handshake. Default 10,000. */
  readonly connectTimeoutMs: number;
}

/** The limits of a server: options of the same names. */
export interface ServerLimits extends SharedLimits {
  /** How long a push waits for others to share its frame; 0 is the end of the loop's turn. Default 0 (Sente's: 30). */
  readonly batchMs: number;
  /** How long a user stays in `connectedUids` after the last connection closed. Default 2,500. */
  readonly presenceGraceMs: number;
  /** How long a session waits for its client to come back; 0: no sessions (PROTOCOL.md section 6). Default 120,000. */
  readonly sessionWindowMs: number;
  /** Sessions whose client is away, at most; the oldest ends first, and is reported. Default 10,000. */
  readonly maxAwaySessions: number;
  /** Bytes that wait in sessions whose client is away, at most. Default 64 MiB. */
  readonly maxAwayBytes: number;
}

/**
 * What a server does with a peer that takes its frames too slowly, at the bound of what waits (PROTOCOL.md section 6.7).
 * `close`: the connection, and its session, end with 4413. `drop-oldest`: the oldest push that was not sent is left out,
 * counted in the metrics, and the first of a row reported; replies are never left out. `latest-by-key`: while a push
 * that was marked with a key waits, a later one with that key takes its place; at the bound as `close`.
 */
export type Backpressure = "close" | "drop-oldest" | "latest-by-key";

const shared = {
  pingTimeoutMs: 8_000,
  maxPayloadBytes: 1_048_576,
  highWaterBytes: 65_536,
  maxQueuedFrames: 1_000,
  maxQueuedBytes: 1_048_576,
  maxReceived: 1_000,
  maxReceivedBytes: 8_388_608,
};

/** The defaults of a client's limits (PROTOCOL.md section 9). */
export const clientDefaults: ClientLimits = {
  ...shared,
  pingIntervalMs: 10_000,
  reconnectBaseMs: 500,
  reconnectCapMs: 20_000,
  maxAttempts: Number.POSITIVE_INFINITY,
  requestTimeoutMs: 10_000,
  connectTimeoutMs: 10_000,
};

/** The defaults of a server's limits (PROTOCOL.md section 9). */
export const serverDefaults: ServerLimits = {
  ...shared,
  pingIntervalMs: 12_000,
  batchMs: 0,
  presenceGraceMs: 2_500,
  sessionWindowMs: 120_000,
  maxAwaySessions: 10_000,
  maxAwayBytes: 67_108_864,
};

/** The longest cb-id that a server accepts, in UTF-16 units. */
export const MAX_CB_ID_LENGTH = 64;
/** The longest client id and other handshake parameter that a server accepts, in UTF-16 units. */
export const MAX_CLIENT_ID_LENGTH = 256;
/** How deep a value may nest. */
export const MAX_DEPTH = 100;
