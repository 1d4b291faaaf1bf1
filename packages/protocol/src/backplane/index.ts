// For authors of backplanes, and of servers that are nodes: what connects the processes of one application.

export type {
  Backplane,
  Entry,
  Inbox,
  Membership,
  NodeId,
  Position,
  StreamBounds,
  StreamRange,
  StreamRead,
  Streams,
  Topic,
} from "./backplane.ts";
export { BackplaneError, type BackplaneErrorCode } from "./backplane-error.ts";
export type { Carrier, CarrierEvents, CarrierMessage } from "./carrier.ts";
export type { BackplaneClock } from "./clock.ts";
export { type JoinOptions, joinThrough } from "./join.ts";
export { checkNodeId, checkTopic, isNodeId, isTopic } from "./names.ts";
