import { ProtocolError, SessionLostError } from "@sente-lite/protocol";
import { closeCodes, type ServerOutput } from "@sente-lite/protocol/session";
import type { Host } from "../host.ts";
import type { Counters } from "./metrics.ts";
import type { Away } from "./registry.ts";
import { ReportLimiter } from "./report-limiter.ts";
import type { SessionDriver } from "./session-driver.ts";
import { eventsIn, repliesIn } from "./undelivered.ts";

type Report = (error: unknown, context: Readonly<Record<string, unknown>>) => void;
type OutputOf<T extends ServerOutput["type"]> = Extract<ServerOutput, { type: T }>;

/** What a peer can do again each time that it comes again, under names that it makes up. */
const REPEATED: ReadonlySet<string> = new Set(["bad-event", "bad-reply", "bad-frame", "bad-ack", "too-slow"]);
const TOO_SLOW = "a peer takes its frames too slowly: the oldest pushes to it are left out";
const TOO_FAST = "a client sends more than it may: see maxEventsPerSecond, maxBytesPerSecond, overRate";
const UNREAD = "a connection ended before all of its frames were read: they waited, since others of it cannot be read";
const FULL = "too many events of a peer wait for their handlers";
const DROPPED = "all peers together sent more than the server may hold: what waited of the largest is not handled";
const TOO_MANY_MISSED = "more was pushed to a client that is away than is kept for it: the rest is left out";

/** Counts what goes wrong on connections, and reports it. */
export class FaultReports<Context> {
  readonly #counters: Counters;
  readonly #report: Report;
  readonly #limiter: ReportLimiter;

  constructor(host: Host, counters: Counters, report: Report) {
    this.#counters = counters;
    this.#report = report;
    this.#limiter = new ReportLimiter(host);
  }

  /** The peer broke the protocol; or something of ours could not be sent to it. */
  reportFault(driver: SessionDriver<Context>, { error, event }: Omit<OutputOf<"report">, "type">): void {
    const { code } = error;
    if (code === "bad-event" || code === "bad-frame" || code === "bad-reply") this.#counters.badEvents++;
    if (!this.#isToTell(driver, code)) return;
    driver.report(error, { source: "connection", event: event?.[0] });
  }

  /** More events of a client wait than may. */
  reportFull(driver: SessionDriver<Context>): void {
    const error = new ProtocolError("receiver-full", FULL, { closeCode: closeCodes.tooSlow });
    driver.report(error, { source: "connection" });
  }

  /** What waited of a client was given up, so that the server goes on for others. */
  reportEventsDropped(driver: SessionDriver<Context>, count: number): void {
    const error = new ProtocolError("events-dropped", DROPPED, { closeCode: closeCodes.tooSlow });
    driver.report(error, { source: "connection", events: count });
  }

  /** A connection ended while frames of it waited, since others of it could not be read. */
  reportUnread(driver: SessionDriver<Context>, count: number): void {
    this.#counters.badEvents += count;
    const error = new ProtocolError("frames-unread", UNREAD);
    if (this.#limiter.allows(error.code)) driver.report(error, { source: "connection", frames: count });
  }

  /** A client sent faster than it may: told once a minute, since one that does so goes on. `isAgain`: while it waits for that. */
  reportOverRate(driver: SessionDriver<Context>, isAgain: boolean): void {
    this.#counters.overRateTotal++;
    if (isAgain) return;
    const { uid, clientId } = driver;
    if (!this.#limiter.allows(JSON.stringify(["over-rate", uid, clientId]))) return;
    driver.report(new ProtocolError("over-rate", TOO_FAST), { source: "connection" });
  }

  /** The policy for slow peers left out a push. */
  reportDropped(driver: SessionDriver<Context>, { isFirst }: OutputOf<"dropped">): void {
    this.#counters.pushesDropped++;
    if (isFirst) driver.report(new ProtocolError("push-dropped", TOO_SLOW), { source: "backpressure" });
  }

  /** An event found no room among what is kept for a client that is away; `isFirst`: since it went. */
  reportMissed({ uid, clientId }: Away, isFirst: boolean): void {
    this.#counters.pushesDropped++;
    if (!isFirst) return;
    this.#report(new ProtocolError("push-dropped", TOO_MANY_MISSED), { source: "backpressure", uid, clientId });
  }

  /** A session ended against the will of its client, and what was sent in it is not known to have arrived. */
  reportLost(driver: SessionDriver<Context>, { reason, undelivered }: OutputOf<"ended">): void {
    const { session, admitted } = driver;
    if (session.id === undefined || undelivered.length === 0) return;
    this.#counters.sessionsLost++;
    const events = () => eventsIn(undelivered, admitted.codec, admitted.form);
    const replies = () => repliesIn(undelivered, admitted.codec, admitted.form);
    driver.report(new SessionLostError(session.id, reason, events, replies), { source: "session" });
  }

  /** Peers that go on, or come again at once, with the same fault are told of once a minute. */
  #isToTell({ uid, clientId }: SessionDriver<Context>, code: string): boolean {
    if (code === "handshake-too-large") return this.#limiter.allows(code);
    return !REPEATED.has(code) || this.#limiter.allows(JSON.stringify([code, uid, clientId]));
  }
}
