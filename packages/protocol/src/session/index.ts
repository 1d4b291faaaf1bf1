// For authors of adapters and of other peers: the wire and the pure session machines. PROTOCOL.md has the rules.

export { gateOf } from "../contract/inside.ts";
export { codeOf } from "../error-chan.ts";
export { Mailbox } from "../mailbox.ts";
export { guarded, isThenable } from "../thenable.ts";
export * from "../wire/close-codes.ts";
export * from "../wire/event.ts";
export * from "../wire/frames.ts";
export { type ClientFrame, readClientFrame } from "../wire/read-client-frame.ts";
export { BadEvent, readHandshake, readServerFrame, replyFailure, type ServerFrame } from "../wire/read-server-frame.ts";
export * from "../wire/subprotocols.ts";
export { Backoff } from "./backoff.ts";
export { Batch } from "./batch.ts";
export { type ClientOutput, ClientSession, type ClientSessionOptions, type ClientStatus } from "./client-session.ts";
export { earlier, monotonic } from "./clock.ts";
export { type Beat, Heartbeat } from "./heartbeat.ts";
export { Lane, type Paced, type Weight } from "./lane.ts";
export { type AckDue, ackDue, Ledger } from "./ledger.ts";
export { type Entry, Log } from "./log.ts";
export type { RequestId, Settlement } from "./requests.ts";
export { type ServerOutput, ServerSession, type ServerSessionOptions, type ServerStatus } from "./server-session.ts";
export { type Admission, type Arrival, ServerSessions, type SessionHolder } from "./server-sessions.ts";
