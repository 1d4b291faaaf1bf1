// For users.
export * from "./api/client.ts";
export * from "./api/handlers.ts";
export * from "./api/handshake-request.ts";
export * from "./api/requests.ts";
export * from "./api/rooms.ts";
export * from "./api/server.ts";
export * from "./api/shared.ts";
export * from "./api/to.ts";
export type { Codec, CodecOptions, Encoded, Handler } from "./codecs/codec.ts";
export {
  type CodecFor,
  type CodecsFor,
  defineContract,
  event,
} from "./contract/contract.ts";
export type { AnyContract, Contract, EventMap, EventSpec, RoomEventMap } from "./contract/events.ts";
export {
  createErrorChan,
  type ErrorChan,
  type ErrorChanHost,
  type ErrorContext,
  type ErrorKind,
  type ErrorReport,
} from "./error-chan.ts";
export * from "./errors.ts";
export type { SenteEvent } from "./event.ts";
export * from "./limits.ts";
export type { RoomStatus } from "./rooms/client-room.ts";
export type { RoomMembers } from "./rooms/members.ts";
export type { RoomPosition } from "./rooms/position.ts";
export type { StandardIssue, StandardResult, StandardSchema } from "./standard-schema.ts";
export * from "./values/index.ts";
