import type { Link } from "./pipe.ts";

/** The network between one client and the server. */
export interface Line extends Link {
  openMs: number | undefined;
  duplicate: { readonly afterMs: number; readonly staysMs: number } | undefined;
  forge: "resume" | "codec" | undefined;
  hotUntil: number;
  losesHandshakesUntil: number;
}

export function newLine(latencyMs: number): Line {
  return {
    isUp: true,
    latencyMs,
    bytesPerMs: Number.POSITIVE_INFINITY,
    openMs: undefined,
    duplicate: undefined,
    forge: undefined,
    hotUntil: 0,
    losesHandshakesUntil: 0,
  };
}
