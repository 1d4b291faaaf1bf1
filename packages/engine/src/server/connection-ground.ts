import type { Backpressure, SenteEvent, ServerLimits } from "@sente-lite/protocol";
import type { Batch, LoginParams, ServerOutput } from "@sente-lite/protocol/session";
import type { FanOut } from "../fan-out.ts";
import type { Host } from "../host.ts";
import type { ReceivedPool } from "../received-pool.ts";
import type { ServerSocket } from "../sockets.ts";
import type { Turns } from "../turns.ts";
import type { Closable } from "./closing.ts";
import type { CodecDoubts } from "./codec-doubts.ts";
import type { Drainable } from "./drain.ts";
import type { LateGreetings } from "./late-greetings.ts";
import type { Floods } from "./limits/floods.ts";
import type { Rates } from "./limits/rates.ts";
import type { SlowHandlers } from "./limits/slow-handlers.ts";
import type { Counters } from "./metrics.ts";

type OutputOf<T extends ServerOutput["type"]> = Extract<ServerOutput, { type: T }>;

/** The roster, as a driver tells it what becomes of its sockets and session. */
interface ToldOfSockets<D> {
  noteSocket(driver: D, socket: ServerSocket): void;
  noteGreeted(driver: D): void;
  noteSocketLost(driver: D): void;
  noteAway(driver: D): void;
  remove(driver: D): void;
  socketClosed(socket: ServerSocket): void;
}

/** The dispatcher, as a driver gives it events. */
interface TakesEvents<D> {
  dispatch(driver: D, sent: OutputOf<"event">): void;
  leaveOut(driver: D, sent: OutputOf<"event">): void;
  announce(driver: D, event: SenteEvent): void;
  announceUser(driver: D, id: "chsk/uidport-open" | "chsk/uidport-close"): void;
}

/** What is asked of clients, as a driver tells it how a request ended. */
interface TakesSettlements<D> {
  settle(driver: D, settled: OutputOf<"settle">): void;
}

/** The fault reports, as a driver gives them what goes wrong. */
interface TakesFaults<D> {
  reportFault(driver: D, fault: Omit<OutputOf<"report">, "type">): void;
  reportDropped(driver: D, dropped: OutputOf<"dropped">): void;
  reportLost(driver: D, ended: OutputOf<"ended">): void;
  reportFull(driver: D): void;
  reportEventsDropped(driver: D, count: number): void;
  reportUnread(driver: D, count: number): void;
  reportOverRate(driver: D, isAgain: boolean): void;
}

/** The shutdown, as the departure of a session tells it that it may be busy no longer. */
interface ToldOfIdle {
  readonly isReady: boolean;
  noteIdle(departure: Drainable & Closable): void;
}

/** The rooms, as a driver tells them that its session is over. */
interface ToldOfEnd<D> {
  noteOver(driver: D): void;
}

/** What judges a client that logs in anew. */
interface TakesRefreshes<D> {
  take(driver: D, params: LoginParams): Promise<void>;
}

/** What takes sessions to other servers, as a driver tells it that this one ends. */
interface TakesAway<D> {
  release(driver: D): Promise<void> | undefined;
}

/** What knows the requests without an answer, as a driver tells it that its session is about to leave, or what came is given up. */
interface KnowsRequests<D> {
  closeAll(driver: D): void;
  prepare(driver: D): void;
  giveUp(driver: D): void;
}

/** What all sessions of a server share, and whom their drivers tell: one object, however many there are. */
export interface ConnectionGround<D> {
  readonly host: Host;
  /** Machine time. */
  readonly now: () => number;
  readonly limits: ServerLimits;
  readonly root: Batch;
  readonly counters: Counters;
  readonly pool: ReceivedPool;
  readonly turns: Turns;
  readonly fanOut: FanOut;
  readonly backpressure: Backpressure | undefined;
  readonly doubts: CodecDoubts;
  readonly roster: ToldOfSockets<D>;
  readonly rooms: ToldOfEnd<D>;
  readonly dispatcher: TakesEvents<D>;
  readonly asking: TakesSettlements<D>;
  readonly faults: TakesFaults<D>;
  readonly shutdown: ToldOfIdle;
  /** Absent where there is one server alone. */
  readonly handover: TakesAway<D> | undefined;
  readonly following: KnowsRequests<D> | undefined;
  readonly refresh: TakesRefreshes<D>;
  readonly lateGreetings: LateGreetings;
  readonly rates: Rates;
  readonly floods: Pick<Floods, "note">;
  readonly slowHandlers: SlowHandlers;
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
}
