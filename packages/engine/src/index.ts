export { type ClientCore, createClient, type Lifecycle } from "./client/client.ts";
export type { WithHeaders } from "./client/driver.ts";
export type { Host, Logger, Timer } from "./host.ts";
export { type Routable, startRouter } from "./router.ts";
export type { UpgradeRequest } from "./server/request.ts";
export { createServer, type Decision, type ServerCore, type ServerCoreOptions } from "./server/server.ts";
export type {
  ClientSocket,
  ConnectionHandlers,
  OpenSocket,
  RequestHeaders,
  ServerSocket,
  SocketHandlers,
} from "./sockets.ts";
export { webHost } from "./web/web-host.ts";
export {
  type Accepted,
  isFor,
  noAjax,
  READY_PATH,
  readiness,
  respond,
  type WebRequest,
  type WebResponse,
} from "./web/web-server.ts";
export { encodedOf, type WebSocketLike, webSocketOpener } from "./web/web-socket.ts";
