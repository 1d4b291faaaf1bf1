export { type ClientCore, createClient } from "./client/client.ts";
export type { Lifecycle } from "./client/lifecycle.ts";
export type { WithHeaders } from "./client/socket-opener.ts";
export { type CanCompress, compressionThreshold, type WithCompression } from "./compression.ts";
export type { Host, Logger, Timer } from "./host.ts";
export { checkOpen, createListening, type Listening, type ListenOptions, listenOptionsOf } from "./listening.ts";
export { type Routable, startRouter } from "./router.ts";
export { addressOf, mountPath, pathOf } from "./server/address.ts";
export {
  type Answer,
  asksForWebSocket,
  BAD_REQUEST,
  NOTHING_HERE,
  READY_PATH,
  readiness,
  upgradeFault,
} from "./server/answer.ts";
export { isValidCsrfToken } from "./server/csrf.ts";
export type { Decision } from "./server/decision.ts";
export { allowOrigin, type RequestWithOrigin } from "./server/origin.ts";
export type { UpgradeRequest } from "./server/request.ts";
export { createServer, type ServerCore, type ServerCoreOptions } from "./server/server.ts";
export {
  CLOSE_GRACE_MS,
  type ClientSocket,
  type ConnectionHandlers,
  type OpenSocket,
  PROTOCOL_ERROR,
  type RequestHeaders,
  type ServerSocket,
  type SocketHandlers,
} from "./sockets.ts";
export { webHost } from "./web/web-host.ts";
export {
  type Accepted,
  answerToFailure,
  answerToProbe,
  isFor,
  noAjax,
  respond,
  type WebRequest,
  type WebResponse,
} from "./web/web-server.ts";
export { toEncoded, type WebSocketLike, webSocketOpener } from "./web/web-socket.ts";
