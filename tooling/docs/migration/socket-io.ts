import type { ServerOptions } from "socket.io";
import type { ManagerOptions, SocketOptions } from "socket.io-client";

/** The options of Socket.IO, by the heading of the table that has them. */
export interface SocketIoOptions {
  readonly "Options of the client": ManagerOptions & SocketOptions;
  readonly "Options of the server": ServerOptions;
}
