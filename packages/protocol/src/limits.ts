/** Every bound of the protocol and its default (PROTOCOL.md section 9). Times in milliseconds, sizes in bytes. */
export interface SharedLimits {
  /** A peer that sent nothing for so long is pinged. Default 10,000 at a client, 12,000 at a server. */
  readonly pingIntervalMs: number;
  /** A peer that was pinged and sends nothing for so long is given up (close 4408). Default 8,000. */
  readonly pingTimeoutMs: number;
  /** The largest WebSocket message that is accepted, and sent. Default 1 MiB. */
  readonly maxPayloadBytes: number;
  /** Frames go to the socket only while less than this waits in it. Default 64 KiB. */
  readonly highWaterBytes: number;
  /** Frames that wait to be sent, or to be acknowledged, at most. Default 1,000. */
  readonly maxQueuedFrames: number;
  /** Bytes that wait to be sent, or to be acknowledged, at most. Default 1 MiB. */
  readonly maxQueuedBytes: number;
  /** Received events of one peer that wait for a consumer, at most, wherever they wait. Default 1,000. */
  readonly maxReceived: number;
  /**
   * Bytes of received events of one peer that wait for a consumer, at most; an event alone always may. An event weighs
   * its share of its frame, or what its decoded value takes in memory, where that is more. Default 8 MiB.
   */
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
  /**
   * Sessions whose client is away, at most. Over it sessions end: first those whose client never said anything, then those
   * of whoever has the most (PROTOCOL.md section 6.7). Default 10,000.
   */
  readonly maxAwaySessions: number;
  /**
   * Bytes of received events that a server holds for all peers together, also while handlers work on them. At the bound
   * the peers that hold the most are closed (4413), never one that holds no more than its equal part. Default 64 MiB.
   */
  readonly maxReceivedTotalBytes: number;
  /** Bytes of sessions whose client is away, at most: what waits in them, and the requests with which they came. Default 64 MiB. */
  readonly maxAwayBytes: number;
  /** How long a request to a client waits for its reply. Default 10,000. */
  readonly requestTimeoutMs: number;
  /** Requests to one client that wait for their reply, at most; one more is rejected with `too-many-requests`. Default 1,000. */
  readonly maxRequestsPerConnection: number;
  /** Rooms of one connection, at most; a join over it is refused with `too-many-rooms`. Default 100. */
  readonly maxRoomsPerConnection: number;
  /**
   * Rooms that somebody is in, and rooms that have a history, at most; a join over it is refused with `rooms-full`, and
   * over it the room that was still for the longest loses its history. Those that `rooms` names in full always have a place,
   * and keep their history. Default 10,000.
   */
  readonly maxRooms: number;
  /** What the histories of all rooms keep, at most. Over it the rooms that were still for the longest lose theirs. Default 64 MiB. */
  readonly maxHistoryBytes: number;
  /** The members of a room are told by uid up to so many users; of more only the number is told. Default 100. */
  readonly maxMembersListed: number;
  /** Connections, at most; one more is refused with 503. Default 50,000. */
  readonly maxConnections: number;
  /** Connections of one user that `userIdFn` named, at most; one more is refused with 429. Default 1,000. */
  readonly maxConnectionsPerUser: number;
  /** Connections of one address (of IPv6: of one /64), at most; one more is refused with 429. Default 10,000. */
  readonly maxConnectionsPerAddress: number;
  /** New connections of one address per second, refused ones too; ten seconds' worth may come at once. Default 500. */
  readonly maxConnectsPerSecondPerAddress: number;
  /** Requests that are being judged, at most; one more is refused with 503. Default 1,000. */
  readonly maxHandshakes: number;
  /**
   * Frames of one client per second, pings too, as `overRate` has it; ten seconds' worth may come at once. Default 5,000.
   */
  readonly maxEventsPerSecond: number;
  /** Bytes of one client per second, as `maxEventsPerSecond`. Default 8 MiB. */
  readonly maxBytesPerSecond: number;
  /** Frames of all connections of a user that `userIdFn` named. Default 20,000. */
  readonly maxEventsPerSecondPerUser: number;
  /** Bytes of all connections of a user that `userIdFn` named. Default 32 MiB. */
  readonly maxBytesPerSecondPerUser: number;
  /** Requests of one client without a reply, at most; one more is answered `too-many-requests`. Default 1,000. */
  readonly maxRequestsInFlight: number;
  /** How long one handler may hold the queue of its connection before it is reported (`slow-handler`). Default 10,000. */
  readonly slowHandlerMs: number;
  /** How long each function that judges a request may take; then the request is refused with 503. Default 10,000. */
  readonly hookTimeoutMs: number;
  /**
   * How long before its login ends a client of ours is asked to log in anew, or after half of it where it is shorter; 0: it
   * is not asked. Default 30,000 (PROTOCOL.md section 1.9).
   */
  readonly refreshLeadMs: number;
}

/**
 * What a server does with a client that sends faster than it may (PROTOCOL.md section 9). `delay`: what comes too fast
 * waits, and the client is not read on meanwhile, where the runtime can; a runtime that cannot closes it when too much
 * waits (4413). `drop`: its events are left out and counted in the metrics, its requests answered `rate-limited`. `close`:
 * the connection is closed with 4429 and a hint; with one of ours nothing is lost, since the session waits.
 */
export type OverRate = "delay" | "drop" | "close";

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
  maxReceivedTotalBytes: 67_108_864,
  maxAwayBytes: 67_108_864,
  requestTimeoutMs: 10_000,
  maxRequestsPerConnection: 1_000,
  maxRoomsPerConnection: 100,
  maxRooms: 10_000,
  maxHistoryBytes: 67_108_864,
  maxMembersListed: 100,
  maxConnections: 50_000,
  maxConnectionsPerUser: 1_000,
  maxConnectionsPerAddress: 10_000,
  maxConnectsPerSecondPerAddress: 500,
  maxHandshakes: 1_000,
  maxEventsPerSecond: 5_000,
  maxBytesPerSecond: 8_388_608,
  maxEventsPerSecondPerUser: 20_000,
  maxBytesPerSecondPerUser: 33_554_432,
  maxRequestsInFlight: 1_000,
  slowHandlerMs: 10_000,
  hookTimeoutMs: 10_000,
  refreshLeadMs: 30_000,
};

/** The longest cb-id that a server accepts, in UTF-16 units. */
export const MAX_CB_ID_LENGTH = 64;
/** The longest client id and other handshake parameter that a server accepts, in UTF-16 units. */
export const MAX_CLIENT_ID_LENGTH = 256;
/** The longest user id that `userIdFn` may give, in UTF-16 units. */
export const MAX_UID_LENGTH = 1_024;
/** The longest event id, in UTF-16 units: a longer one makes a bad event, and is refused by the sender. */
export const MAX_EVENT_ID_LENGTH = 8_192;
/** The longest name of a room, in UTF-16 units. */
export const MAX_ROOM_NAME_LENGTH = 256;
/** How many levels of arrays, maps and the like a value may have. */
export const MAX_DEPTH = 100;
