import type { Headers } from "@sente-lite/protocol";
import type { Logger } from "../host.ts";

/** Origins that were warned of, so that each is named once; bounded, since a peer chooses them. */
const MAX_WARNED = 100;

/** True where a page of the request's origin may connect (PROTOCOL.md section 1). */
export type OriginCheck = (headers: Headers) => boolean;

/**
 * Same-origin by default: a page's `Origin` must be the host that it connects to, or be allowed. A request without an
 * `Origin` comes from no browser, and passes.
 */
export function createOriginCheck(allowed: "*" | readonly string[] | undefined, log: Logger): OriginCheck {
  const warned = new Set<string>();
  return (headers) => {
    const origin = headers.get("origin");
    if (origin === null || allowed === "*" || allowed?.includes(origin)) return true;
    const host = headers.get("host");
    if (host !== null && hostOf(origin) === host.toLowerCase()) return true;
    if (!warned.has(origin) && warned.size < MAX_WARNED) {
      warned.add(origin);
      const line = JSON.stringify([origin.slice(0, 200)]);
      log.warn(`sente-lite: refused a page of another origin (host ${host}); to allow it: allowedOrigins: ${line}`);
    }
    return false;
  };
}

function hostOf(origin: string): string | undefined {
  return /^[a-z][a-z0-9+.-]*:\/\/([^/]+)$/i.exec(origin)?.[1]?.toLowerCase();
}
