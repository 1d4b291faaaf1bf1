import type { Host } from "../host.ts";
import { CLOSE_GRACE_MS, type ConnectionHandlers, type ServerSocket } from "../sockets.ts";

/** Closes a connection that is not to be; a peer that does not answer is cut. */
export function closeAtOnce(host: Host, socket: ServerSocket, code: number, reason: string): ConnectionHandlers {
  const grace = host.setTimer(CLOSE_GRACE_MS, () => socket.terminate());
  socket.close(code, reason);
  return { message: () => {}, drained: () => {}, closed: () => host.clearTimer(grace) };
}
