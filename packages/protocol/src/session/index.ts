// For authors of adapters and of other peers: the wire and the pure session machines. PROTOCOL.md has the rules.

export { codecCure, type Look, looksLike } from "../codecs/looks-like.ts";
export { type Snapshot, snapshot } from "../values/snapshot.ts";
export { weightOf } from "../values/weight.ts";
export * from "../wire/close-codes.ts";
export * from "../wire/event.ts";
export { isUnderstood, roomIds } from "../wire/feature-events.ts";
export * from "../wire/features.ts";
export * from "../wire/frames.ts";
export type { LoginParams } from "../wire/login-params.ts";
export { type ClientFrame, readClientFrame } from "../wire/read-client-frame.ts";
export { BadEvent, readHandshake, readServerFrame, replyFailure, type ServerFrame } from "../wire/read-server-frame.ts";
export type { Answer } from "../wire/request-bodies.ts";
export type { Settlement } from "../wire/settlement.ts";
export * from "../wire/subprotocols.ts";
export type { AskedRequest } from "./asked-request.ts";
export type { Owner } from "./away-sessions.ts";
export { Batch, makeTooLarge } from "./batch.ts";
export { ClientSession, type ClientSessionOptions } from "./client-session.ts";
export { makeMonotonic } from "./clock.ts";
export type { ClientStatus } from "./connecting.ts";
export { ackDue } from "./ledger.ts";
export type { ClientOutput, EndCause, ServerOutput } from "./outputs.ts";
export type { RequestId } from "./requests.ts";
export { ServerSession, type ServerStatus } from "./server-session.ts";
export type { ServerSessionOptions } from "./server-session-options.ts";
export {
  type AwaitedReply,
  readSessionSnapshot,
  type SessionSnapshot,
  type SnapshotNodes,
  type SnapshotRoom,
  writeSessionSnapshot,
} from "./session-snapshot.ts";
export type { SessionState } from "./session-state.ts";
export { type Arrival, type Found, type SessionHolder, SessionTable } from "./session-table.ts";
export { VolatilePush } from "./volatile-push.ts";
