import type { ErrorChan, ErrorReport, MaybePromise } from "@sente-lite/protocol";
import type { Clock } from "../clock.ts";
import type { Health } from "../monitoring/health.ts";
import type { Metrics } from "../monitoring/metrics.ts";
import type { InterpreterOptions } from "../steps/interpreter.ts";
import type { OnError, Process } from "./process.ts";

/** One end of a connection: a process, and one of its ports. */
export type End<Name extends string = string> = readonly [process: Name, port: string];

/** From an output to an input. */
export type Connection<Name extends string = string> = readonly [from: End<Name>, to: End<Name>];

/** What a whole system does about errors. */
export interface ErrorHandling {
  /** Default: one of the system's own. Give that of a server to have one for both. */
  readonly errorChan?: ErrorChan;
  /** Hears of every report. */
  readonly onError?: (report: ErrorReport) => void;
  /** For processes that say nothing themselves. Default `skip`. */
  readonly recovery?: OnError;
  /** Who is told of an error with `notify`, by name. */
  readonly notify?: Readonly<Record<string, (report: ErrorReport) => void>>;
}

/** How a system is watched. */
export interface Monitoring {
  /** Default: a registry of the system's own. */
  readonly metrics?: Metrics;
  /** Your own check; the worse answer counts. A throw, or no answer within 5 s, is `unhealthy`. */
  readonly healthCheck?: () => MaybePromise<Health>;
}

/** A system as data: processes, and what leads from which output to which input. */
export interface SystemConfig<Name extends string = string> {
  /** By name. They start in this order and stop in the reverse one: what others send to comes first. */
  readonly processes: Readonly<Record<Name, Process>>;
  readonly connections?: readonly Connection<NoInfer<Name>>[];
  /** The other name of `connections`. */
  readonly flows?: readonly Connection<NoInfer<Name>>[];
  /** Carries out outputs that are no port of their process: `log`, `metrics`, those of your own. */
  readonly outputs?: InterpreterOptions["outputs"];
  readonly log?: InterpreterOptions["log"];
  readonly errorHandling?: ErrorHandling;
  readonly monitoring?: Monitoring;
}

/** What a system takes from its surroundings; for tests. */
export interface SystemOptions {
  /** Default: the machine's. */
  readonly clock?: Clock;
}

export function connectionsOf({ connections = [], flows = [] }: SystemConfig): readonly Connection[] {
  return [...connections, ...flows];
}
