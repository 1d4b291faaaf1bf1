import { type SessionBinding, UsageError } from "@sente-lite/protocol";
import { isFour, parseIp, placeOf } from "./limits/ip-address.ts";
import type { UpgradeRequest } from "./request.ts";

type Of = Pick<UpgradeRequest, "headers" | "remoteAddress">;

const parts: Readonly<Record<SessionBinding, (request: Of) => string | null>> = {
  origin: ({ headers }) => headers.get("origin"),
  "address-family": ({ remoteAddress = "" }) => {
    const address = parseIp(remoteAddress);
    return address === undefined ? remoteAddress : isFour(address) ? "4" : "6";
  },
  address: ({ remoteAddress = "" }) => placeOf(remoteAddress),
};

/** What of a connection its session is bound to, in one text; undefined where that is nothing. */
export function bindingOf(request: Of, bindSession: readonly SessionBinding[] = []): string | undefined {
  if (bindSession.length === 0) return undefined;
  return JSON.stringify(Object.entries(parts).map(([name, of]) => isBound(bindSession, name) && of(request)));
}

function isBound(bindSession: readonly string[], name: string): boolean {
  return bindSession.includes(name);
}

/** Throws `UsageError` `bad-option`. */
export function checkBindSession(bindSession: unknown): void {
  if (Array.isArray(bindSession) && bindSession.every((name) => Object.hasOwn(parts, name))) return;
  const names = Object.keys(parts).map((name) => JSON.stringify(name));
  throw new UsageError("bad-option", `makeChannelSocketServer: bindSession is an array of ${names.join(", ")}`);
}
