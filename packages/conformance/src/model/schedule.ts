// A schedule is data: a setting, and what happens in it. Generated, shrunk and replayed.

/** How a handler answers: soon, when told to, never; with nil, "pong" or something shaped like an ack. */
export type Answer = "now" | "later" | "never" | "nil" | "pong" | "ack";

/** What becomes of what is in flight when a connection breaks: `undefined` where it is lost. */
export type Kept = { readonly lateMs: number } | undefined;

/** `client` is an index, modulo the number of clients. */
export type Command =
  | { readonly type: "wait"; readonly ms: number }
  | { readonly type: "send"; readonly client: number; readonly count: number }
  | {
      readonly type: "ask";
      readonly client: number;
      readonly how: Answer;
      /** Undefined: it never times out. */
      readonly timeoutMs: number | undefined;
    }
  | { readonly type: "answer" }
  /** The server asks a client. */
  | { readonly type: "question"; readonly client: number; readonly timeoutMs: number }
  | { readonly type: "push"; readonly client: number; readonly count: number; readonly flush: boolean }
  | { readonly type: "broadcast"; readonly except: number | undefined }
  /** An event that does not decode where it arrives, however often it is sent. */
  | { readonly type: "poison"; readonly client: number; readonly to: "client" | "server" }
  /** An event that is too big for the runtime that receives it: 1009. */
  | { readonly type: "big"; readonly client: number; readonly to: "client" | "server" }
  | {
      readonly type: "drop";
      readonly client: number;
      readonly toServer: Kept;
      readonly toClient: Kept;
      /** When each side notices; undefined: by its own means. */
      readonly clientMs: number | undefined;
      readonly serverMs: number | undefined;
    }
  | { readonly type: "halfOpen"; readonly client: number; readonly deaf: "client" | "server" }
  | {
      readonly type: "network";
      readonly client: number;
      readonly isUp: boolean;
      readonly latencyMs: number;
      /** How long an attempt takes to get to the server; undefined: the latency. */
      readonly openMs: number | undefined;
      readonly bytesPerMs: number | undefined;
    }
  /** The next attempts arrive twice. */
  | { readonly type: "duplicate"; readonly client: number; readonly afterMs: number; readonly staysMs: number }
  | { readonly type: "replay"; readonly client: number; readonly staysMs: number }
  /** For a while no handshake reaches the client. */
  | { readonly type: "loseHandshakes"; readonly client: number; readonly forMs: number }
  /** For a while every connection breaks right after its handshake. */
  | { readonly type: "hot"; readonly client: number; readonly forMs: number }
  | { readonly type: "restart"; readonly how: "crash" | "close" | "drain"; readonly downMs: number }
  | { readonly type: "stall"; readonly who: number | "server"; readonly ms: number }
  /** It stands still from the moment at which it sends its next ping. */
  | { readonly type: "stallOnPing"; readonly who: number | "server"; readonly ms: number }
  | { readonly type: "clock"; readonly who: number | "server"; readonly byMs: number }
  | { readonly type: "reconnect"; readonly client: number }
  /** The network is back, or somebody looks at the page. */
  | { readonly type: "hasten"; readonly client: number }
  | { readonly type: "break"; readonly client: number; readonly by: "client" | "server" }
  | { readonly type: "login"; readonly client: number }
  | { readonly type: "leave"; readonly client: number; readonly code: 1000 | 1001 }
  | { readonly type: "forge"; readonly client: number; readonly what: "ack" | "serverAck" | "resume" | "codec" }
  | { readonly type: "impostor"; readonly client: number; readonly attempt: number; readonly staysMs: number }
  | {
      readonly type: "refuse";
      readonly status: 429 | 503;
      readonly retryInMs: number;
      readonly spreadMs: number;
      readonly forMs: number;
    };

export interface ClientSetup {
  readonly uid: string;
  readonly clientId: string;
  readonly latencyMs: number;
  /**
   * What it says of features (PROTOCOL.md section 1.8): what it knows; nothing, as peers of before they had names; or more
   * than anybody knows today.
   */
  readonly names?: "known" | "nothing" | "more";
}

export interface Limits {
  readonly maxQueuedFrames: number;
  readonly highWaterBytes: number;
}

/** How the events that arrive are taken, at clients and at the server. */
export interface Inbound {
  /** At once; by a router; by a loop; or by nobody before `workMs` (at clients: a server has a router). */
  readonly consumer: "listener" | "router" | "loop" | "late";
  readonly workMs: number;
  /** What validators take, at most twice that; undefined: there are none. */
  readonly checkMs: number | undefined;
  readonly limits: { readonly maxReceived: number; readonly maxReceivedBytes: number };
  /** Of each event beside its number. */
  readonly paddingBytes: number;
  /** A socket of the server can be told not to read on. */
  readonly canPause: boolean;
}

export interface Setup {
  readonly clients: readonly ClientSetup[];
  /** Pings of clients and of the server. */
  readonly pingMs: { readonly client: number; readonly server: number };
  readonly windowMs: number;
  readonly batchMs: number;
  /** Between the judgement of an upgrade and the open socket. */
  readonly upgradeMs: number;
  readonly onSessionLost: "report" | "resend";
  readonly backpressure: "close" | "drop-oldest";
  /** Of the server; of clients the defaults hold, but for the mark. */
  readonly limits: Limits;
  readonly maxAwaySessions: number;
  /**
   * The houses that follow each other are on one backplane: a restart that is no crash ends no session. The old one is gone
   * as soon as it has closed, and the next one starts only then.
   */
  readonly isHandedOn?: boolean;
  /** Undefined: all is taken at once, and within the bounds. */
  readonly inbound?: Inbound;
}

export interface Schedule {
  /** Of all that is random in the run itself: jitter, ids. */
  readonly seed: number;
  readonly setup: Setup;
  readonly commands: readonly Command[];
  /** What must not happen in it beside the invariants: any second attempt. */
  readonly isCalm: boolean;
}

export const plainSetup: Setup = {
  clients: [{ uid: "ann", clientId: "a", latencyMs: 20 }],
  pingMs: { client: 10_000, server: 12_000 },
  windowMs: 120_000,
  batchMs: 0,
  upgradeMs: 0,
  onSessionLost: "report",
  backpressure: "close",
  limits: { maxQueuedFrames: 1_000, highWaterBytes: 65_536 },
  maxAwaySessions: 10_000,
};
