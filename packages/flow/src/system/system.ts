import { createErrorChan, type ErrorChan, type ErrorContext, type ErrorReport, UsageError } from "@sente-lite/protocol";
import { checkOptions } from "@sente-lite/protocol/options";
import { systemClock } from "../clock.ts";
import { type Health, judge, type ProcessFacts } from "../monitoring/health.ts";
import { createMetrics, type Metrics, type Sample } from "../monitoring/metrics.ts";
import { createInterpreter } from "../steps/interpreter.ts";
import { checkConfig, recoveryFaults } from "./check.ts";
import { connectionsOf, type End, type SystemConfig, type SystemOptions } from "./config.ts";
import type { About } from "./process.ts";
import { Scheduler } from "./scheduler.ts";
import { waitAtMost } from "./wait-at-most.ts";
import { type ProcessStatus, Worker } from "./worker.ts";

/** Where a system is in its life. `failed`: an error escalated, or it could not start. */
export type SystemStatus = "new" | "starting" | "running" | "stopping" | "stopped" | "failed";

/** One process, as it is at the moment. */
export interface Ping {
  readonly status: ProcessStatus;
  readonly state: unknown;
  /** Values that wait, by input. */
  readonly queues: Readonly<Record<string, { readonly depth: number; readonly capacity: number }>>;
}

/** A system that was built. None of its functions uses `this`. */
export interface System<Name extends string = string> {
  readonly config: SystemConfig<Name>;
  readonly status: () => SystemStatus;
  /** Starts the processes in their order. Rejects with the error of the first that cannot; those before it are stopped. */
  readonly start: () => Promise<void>;
  /** Stops them in the reverse order, each when it has taken what waits for it. What fails then is reported. */
  readonly stop: () => Promise<void>;
  /** Resolves when the system has ended: to the error that escalated, or undefined. */
  readonly ended: () => Promise<unknown>;
  /** A paused process, or all, takes nothing and sends nothing: what comes waits, back to the sockets. */
  readonly pause: (process?: Name) => void;
  readonly resume: (process?: Name) => void;
  /**
   * Puts a value into an input; before the start it waits there. Resolves when all that came of it has been dealt with.
   * Rejects with `UsageError`: `unknown-process`, `unknown-port`, `not-running`.
   */
  readonly inject: (to: End<Name>, value: unknown, about?: About) => Promise<void>;
  /** How each process is. */
  readonly ping: () => Readonly<Record<Name, Ping>>;
  readonly errorChan: ErrorChan;
  readonly metrics: Metrics;
  /** Takes note of something: `metrics.observe`. */
  readonly observe: Metrics["observe"];
  readonly systemHealth: () => Promise<Health>;
  /** True while it runs and nothing of it is paused: for a readiness probe. */
  readonly isReady: () => boolean;
}

const HEALTH_CHECK_MS = 5_000;

/**
 * Builds a system from its configuration, and starts nothing. Throws one `UsageError` `bad-system` that names all that
 * is wrong with it, and `unknown-option` or `bad-option` for options that cannot be meant.
 */
export function buildSystem<const Name extends string>(
  config: SystemConfig<Name>,
  options: SystemOptions = {},
): System<Name> {
  checkConfig(config);
  checkOptions("buildSystem", options, { clock: "object" });
  const { clock = systemClock } = options;
  const { errorHandling = {}, monitoring = {} } = config;
  const errorChan = errorHandling.errorChan ?? createErrorChan({ now: clock.now, log: consoleLog });
  const metrics = monitoring.metrics ?? createMetrics(clock);
  let status: SystemStatus = "new";
  let startedAt = 0;
  let failure: unknown;
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;
  let tellEnded: (error: unknown) => void = () => {};
  const ended = new Promise<unknown>((resolve) => {
    tellEnded = resolve;
  });
  /** The functions that end what was opened at the start: subscriptions and the like. */
  const endings: (() => void)[] = [];

  const report = (error: unknown, context: ErrorContext, notify?: string) => {
    const told = notify === undefined ? undefined : errorHandling.notify?.[notify];
    const off = told === undefined ? undefined : errorChan.on(told);
    errorChan.report(error, context);
    off?.();
  };
  const escalate = (error: unknown, process: string) => {
    if (status !== "running" && status !== "starting") return;
    status = "failed";
    failure = error;
    report(new UsageError("escalated", `an error of ${process} ended the system`, { cause: error }), { process });
    void stop();
  };

  const scheduler = new Scheduler(clock);
  const interpret = createInterpreter({
    metrics,
    ...(config.outputs && { outputs: config.outputs }),
    ...(config.log && { log: config.log }),
  });
  const around = {
    clock,
    scheduler,
    metrics,
    interpret,
    recovery: errorHandling.recovery ?? ("skip" as const),
    faultsOf: (recovery: Parameters<typeof recoveryFaults>[0]) => recoveryFaults(recovery, config),
    report,
    escalate,
  };
  const processes = Object.entries(config.processes) as [Name, SystemConfig<Name>["processes"][Name]][];
  const workers = new Map(processes.map(([name, process]) => [name, new Worker(name, process, around)] as const));
  for (const [[from, port], [to, input]] of connectionsOf(config)) {
    const target = workers.get(to as Name)?.traffic.inputs.get(input);
    if (target !== undefined) workers.get(from as Name)?.traffic.connect(port, target);
  }
  /** Sends what is injected. It is no process of the system, so that no metrics count it. */
  const injector = new Worker("inject", { ports: { in: [], out: [] } }, { ...around, metrics: createMetrics(clock) });

  const open = async () => {
    if (errorHandling.onError !== undefined) endings.push(errorChan.on(errorHandling.onError));
    endings.push(metrics.source(samples));
    for (const [name, process] of processes) {
      if (process.errorChan !== undefined && process.errorChan !== errorChan) {
        const forward = ({ error, context }: ErrorReport) => report(error, { process: name, ...context });
        endings.push(process.errorChan.on(forward));
      }
      if (process.samples !== undefined) endings.push(metrics.source(process.samples));
    }
    for (const [name, worker] of workers) {
      if (status !== "starting") break;
      try {
        await worker.start();
      } catch (error) {
        report(error, { process: name, source: "start" });
        status = "failed";
        failure = error;
        // Where somebody asked for a stop meanwhile, it comes when this has ended.
        if (stopping === undefined) {
          stopping = close();
          await stopping;
        }
        throw error;
      }
    }
    // A process may have escalated by what it emitted.
    if (status === "failed") throw failure;
    if (status === "starting") status = "running";
  };

  const start = () => {
    if (status !== "new" || starting !== undefined) {
      throw new UsageError("already-started", `the system is ${status}: build another to start anew`);
    }
    status = "starting";
    startedAt = clock.now();
    starting = open();
    return starting;
  };

  const close = async () => {
    // A paused process would keep those before it from ending.
    for (const worker of workers.values()) worker.resume();
    for (const worker of [...workers.values()].reverse()) await worker.stop();
    await injector.stop();
    for (const end of endings.splice(0)) end();
    if (status !== "failed") status = "stopped";
    tellEnded(failure);
  };

  const stop = () => {
    if (status === "running" || status === "starting" || status === "new") status = "stopping";
    // The start ends first, so that all that it opens is closed.
    stopping ??= (starting ?? Promise.resolve()).then(close, close);
    return stopping;
  };

  const workersOf = (name: Name | undefined): readonly Worker[] => {
    if (name === undefined) return [...workers.values()];
    const worker = workers.get(name);
    if (worker === undefined) throw new UsageError("unknown-process", `there is no process ${name}`);
    return [worker];
  };

  const inject: System<Name>["inject"] = async ([name, port], value, about) => {
    const input = workersOf(name)[0]?.traffic.inputs.get(port);
    if (input === undefined) throw new UsageError("unknown-port", `${name} has no input ${port}`);
    if (stopping !== undefined) throw new UsageError("not-running", `the system is ${status}`);
    await injector.traffic.send([input], value, about);
  };

  const queuesOf = (worker: Worker) =>
    Object.fromEntries(
      [...worker.traffic.inputs].map(([port, { depth, spec }]) => [port, { depth, capacity: spec.capacity }]),
    );

  function* samples(): Iterable<Sample> {
    yield { name: "flow_uptime_seconds", kind: "gauge", value: Math.max(0, clock.now() - startedAt) / 1_000 };
    for (const [process, worker] of workers) {
      for (const [port, { depth }] of worker.traffic.inputs) {
        yield { name: "flow_queue_depth", kind: "gauge", labels: { process, port }, value: depth };
      }
    }
  }

  const ping = () => {
    const pings = [...workers].map(([name, worker]): [string, Ping] => {
      return [name, { status: worker.status, state: worker.state, queues: queuesOf(worker) }];
    });
    return Object.fromEntries(pings) as Record<Name, Ping>;
  };

  const factsOf = (worker: Worker): ProcessFacts => {
    const { status: at, restartedAt } = worker;
    const restarted = restartedAt === undefined ? {} : { restartedAgoMs: clock.now() - restartedAt };
    return { status: at, queues: queuesOf(worker), ...restarted };
  };

  const checkOwnHealth = async (check: () => Health | PromiseLike<Health>): Promise<Health> => {
    try {
      return await waitAtMost(clock, HEALTH_CHECK_MS, "healthCheck", check);
    } catch (error) {
      report(error, { source: "healthCheck" });
      return { status: "unhealthy", reasons: ["The health check of the application failed."] };
    }
  };

  const systemHealth = async (): Promise<Health> => {
    const { healthCheck } = monitoring;
    const own = healthCheck && (await checkOwnHealth(healthCheck));
    const facts = Object.fromEntries([...workers].map(([name, worker]) => [name, factsOf(worker)]));
    return judge({ status, processes: facts, errorRate: errorRate(metrics.snapshot().rates), ...(own && { own }) });
  };

  return {
    config,
    status: () => status,
    start,
    stop,
    ended: () => ended,
    pause: (name) => {
      for (const worker of workersOf(name)) worker.pause();
    },
    resume: (name) => {
      for (const worker of workersOf(name)) worker.resume();
    },
    inject,
    ping,
    errorChan,
    metrics,
    observe: metrics.observe,
    systemHealth,
    isReady: () =>
      status === "running" &&
      processes.every(([name, { isReady }]) => workers.get(name)?.status === "running" && (isReady?.() ?? true)),
  };
}

/** Errors for each handled value. */
function errorRate(rates: Readonly<Record<string, number>>): number {
  const sum = (name: string) =>
    Object.entries(rates).reduce((total, [series, rate]) => (series.startsWith(name) ? total + rate : total), 0);
  const handled = sum("flow_handled_total");
  return handled === 0 ? 0 : sum("flow_errors_total") / handled;
}

const consoleLog = {
  error: (message: string, detail?: unknown): void =>
    (globalThis as unknown as { readonly console: { error(...words: unknown[]): void } }).console.error(
      message,
      detail,
    ),
};
