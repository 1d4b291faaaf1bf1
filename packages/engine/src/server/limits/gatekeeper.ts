import { ProtocolError } from "@sente-lite/protocol";
import { type Answer, retryAfter } from "../answer.ts";
import type { ReportLimiter } from "../report-limiter.ts";
import type { UpgradeRequest } from "../request.ts";
import type { Arrivals, ConnectionPlace, Met } from "./arrivals.ts";

const texts: Readonly<Record<Met, string>> = {
  connections: "the server has as many connections as it may",
  "connections-per-user": "the user has too many connections",
  "connections-per-address": "too many connections from one address",
  "connects-per-second": "too many new connections from one address",
  handshakes: "too many requests are being judged",
};

export interface GatekeeperOptions {
  readonly arrivals: Arrivals;
  readonly limiter: ReportLimiter;
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
  readonly noteRefused: (refusedFor: "limit") => void;
  /** True where the application said which proxies it stands behind. */
  readonly knowsProxies: boolean;
}

/** Answers requests for which there is no place, before anything of them is read; and tells of them, once a minute. */
export class Gatekeeper {
  readonly #options: GatekeeperOptions;

  constructor(options: GatekeeperOptions) {
    this.#options = options;
  }

  begin(request: Pick<UpgradeRequest, "remoteAddress" | "headers">): ConnectionPlace | Answer {
    const { arrivals, noteRefused } = this.#options;
    const begun = arrivals.begin(request.remoteAddress);
    if (!("met" in begun)) return begun;
    noteRefused("limit");
    this.#tell(begun.met, request);
    const isOfAll = begun.met === "connections" || begun.met === "handshakes";
    return { status: isOfAll ? 503 : 429, body: texts[begun.met], headers: retryAfter(begun.retryInMs) };
  }

  #tell(met: Met, { remoteAddress, headers }: Pick<UpgradeRequest, "remoteAddress" | "headers">): void {
    const { limiter, report, knowsProxies } = this.#options;
    if (!limiter.allows(met)) return;
    const isOfProxy = !knowsProxies && (headers.has("x-forwarded-for") || headers.has("forwarded"));
    const cure = isOfProxy ? "; if that is your proxy, name it: trustProxy" : "";
    report(new ProtocolError("over-limit", texts[met] + cure), { source: "handshake", limit: met, remoteAddress });
  }
}
