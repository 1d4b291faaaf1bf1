// What a package needs that has clients alone: nothing of the server is behind it, so that no page loads any.

export { startRouter } from "../router.ts";
export { webHost } from "../web/web-host.ts";
export { type WebSocketLike, webSocketOpener } from "../web/web-socket.ts";
export { type ClientCore, createClient } from "./client.ts";
export type { Lifecycle } from "./lifecycle.ts";
