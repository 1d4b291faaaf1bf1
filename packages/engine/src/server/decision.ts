import type { ConnectionHandlers, ServerSocket } from "../sockets.ts";
import type { Answer } from "./answer.ts";

/** What to do with an upgrade request. */
export type Decision =
  | ({ readonly type: "refuse" } & Answer)
  | {
      readonly type: "accept";
      /** The subprotocol to answer with, if any. */
      readonly protocol: string | undefined;
      /** Call it when the socket is open; what it returns wants to hear of the socket. Never throws. */
      readonly opened: (socket: ServerSocket) => ConnectionHandlers;
      /** Call it instead where there will be no socket: its place is free again. */
      readonly abandon: () => void;
    };
