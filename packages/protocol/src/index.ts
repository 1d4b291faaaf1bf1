// For users.
export * from "./api.ts";
export * from "./client-api.ts";
export type { Codec, CodecOptions, Encoded, Handler } from "./codecs/codec.ts";
export {
  type AnyContract,
  type CodecFor,
  type CodecsFor,
  type Contract,
  defineContract,
  type EventMap,
  type EventSpec,
  event,
} from "./contract/contract.ts";
export type { StandardIssue, StandardResult, StandardSchema } from "./contract/standard-schema.ts";
export type { ClientHandlers, ClientMessages, ServerHandlers, ServerMessages } from "./contract/typed.ts";
export {
  createErrorChan,
  type ErrorChan,
  type ErrorChanHost,
  type ErrorContext,
  type ErrorKind,
  type ErrorReport,
} from "./error-chan.ts";
export * from "./errors.ts";
export * from "./limits.ts";
export * from "./values/index.ts";
