import { type To, type ToClientId, UsageError } from "@sente-lite/protocol";
import { checkOptions, showValue } from "@sente-lite/protocol/options";
import { isRoom } from "./registry.ts";

const roomKinds = { room: "string" };
const oneKinds = { uid: "string|null", clientId: "string" };

/**
 * Whom `to` means, to be read more than once. Throws `UsageError` for what names nobody: a room has a name, one connection
 * a uid and a client id.
 */
export function checkTo(taker: string, to: To): To {
  if (to === null || typeof to === "string") return to;
  if (typeof to !== "object") {
    const all = "a uid, null, { uid, clientId }, several of these, or { room }";
    throw new UsageError("bad-option", `${taker} takes ${all}, not ${showValue(to)}`);
  }
  if (Symbol.iterator in to) {
    const several = [...to];
    for (const one of several) if (typeof one !== "string" && one !== null) checkOne(taker, one);
    return several;
  }
  if (isRoom(to)) checkOptions(`the room that ${taker} is given`, to, roomKinds);
  else checkOne(taker, to);
  return to;
}

function checkOne(taker: string, to: ToClientId): void {
  checkOptions(`the connection that ${taker} is given`, to ?? null, oneKinds);
  if (to.uid === undefined || to.clientId === undefined) {
    throw new UsageError("bad-option", `the connection that ${taker} is given has a uid and a clientId`);
  }
}
