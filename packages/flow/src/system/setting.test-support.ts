import type { ErrorReport } from "@sente-lite/protocol";
import { createTestTime, type TestTime } from "../testing.ts";
import type { SystemConfig } from "./config.ts";
import { defineProcess, type Process } from "./process.ts";
import { buildSystem, type System } from "./system.ts";

export interface Setting<Name extends string> extends TestTime {
  readonly system: System<Name>;
  readonly reports: ErrorReport[];
  /** `process: message` of each report. */
  readonly errors: () => readonly string[];
}

/** A system in virtual time, not started, whose reports are kept. */
export function setting<const Name extends string>(config: SystemConfig<Name>): Setting<Name> {
  const time = createTestTime(1_000_000);
  const system = buildSystem(config, { clock: time.clock });
  const reports: ErrorReport[] = [];
  system.errorChan.on((report) => reports.push(report));
  const errors = () => reports.map(({ error, context }) => `${context.process}: ${error.message}`);
  return { ...time, system, reports, errors };
}

/** A process that keeps what comes in. */
export function sinkOf(kept: unknown[], options: Partial<Process> = {}): Process {
  return defineProcess({ ports: { out: [] }, transform: (_, value) => void kept.push(value), ...options });
}

/** A process that hands on what it is given by tests. */
export function gate(options: Partial<Process> = {}): Process {
  return defineProcess({
    ports: { in: { in: { optional: true } } },
    transform: (_, value) => ({ outputs: [["out", value]] }),
    ...options,
  });
}

/** A promise and the ways to settle it. */
export function makeDeferred<T = void>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
