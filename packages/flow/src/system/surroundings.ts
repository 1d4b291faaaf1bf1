import type { ErrorContext } from "@sente-lite/protocol";
import type { Clock } from "../clock.ts";
import type { Metrics } from "../monitoring/metrics.ts";
import type { Interpreter } from "../steps/interpreter.ts";
import type { OnError, Recovery } from "./process.ts";
import type { Scheduler } from "./scheduler.ts";

/** What the workers of a system share. */
export interface Surroundings {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly metrics: Metrics;
  readonly interpret: Interpreter;
  readonly recovery: OnError;
  /** What is wrong with a recovery that a function decided. */
  readonly faultsOf: (recovery: Recovery) => readonly string[];
  readonly report: (error: unknown, context: ErrorContext, notify?: string) => void;
  /** Ends the system. */
  readonly escalate: (error: unknown, process: string) => void;
}
