/** How well a system is, and why: each reason is a sentence. */
export interface Health {
  readonly status: "healthy" | "degraded" | "unhealthy";
  readonly reasons: readonly string[];
}

/** What is known of one process. */
export interface ProcessFacts {
  readonly status: "new" | "running" | "paused" | "restarting" | "stopping" | "stopped" | "failed";
  /** Milliseconds since its last restart; left out where there was none. */
  readonly restartedAgoMs?: number;
  /** Its queues by port, in messages. */
  readonly queues: Readonly<Record<string, { readonly depth: number; readonly capacity: number }>>;
}

/** What a system's health is judged by. */
export interface HealthFacts {
  readonly status: "new" | "starting" | "running" | "stopping" | "stopped" | "failed";
  readonly processes: Readonly<Record<string, ProcessFacts>>;
  /** Errors per handled message over the last minute. */
  readonly errorRate: number;
  /** What the user's own check says. */
  readonly own?: Health;
}

const RESTARTED_WITHIN_MS = 60_000;
const FULL = 0.8;
const MANY_ERRORS = 0.01;

/**
 * Judges a system. Unhealthy: it failed, or a process did. Degraded: a process restarted within the last minute, is
 * restarting or paused; a queue is 80 % full; one message in a hundred ends in an error. The worst of these and of the
 * user's own check counts, and every reason is named.
 */
export function judge(facts: HealthFacts): Health {
  const unhealthy: string[] = [];
  const degraded: string[] = [];
  if (facts.status === "failed") unhealthy.push("The system failed.");
  for (const [name, process] of Object.entries(facts.processes)) {
    const { status, restartedAgoMs, queues } = process;
    if (status === "failed") unhealthy.push(`The process ${name} failed.`);
    if (status === "paused" || status === "restarting") degraded.push(`The process ${name} is ${status}.`);
    if (restartedAgoMs !== undefined && restartedAgoMs < RESTARTED_WITHIN_MS)
      degraded.push(`The process ${name} restarted ${Math.max(0, Math.round(restartedAgoMs / 1000))} s ago.`);
    for (const [port, { depth, capacity }] of Object.entries(queues)) {
      if (capacity > 0 && depth / capacity >= FULL)
        degraded.push(`The queue of ${name} at ${port} holds ${depth} of ${capacity} messages.`);
    }
  }
  if (facts.errorRate >= MANY_ERRORS)
    degraded.push(`Of the messages of the last minute, ${(facts.errorRate * 100).toFixed(1)} % ended in an error.`);
  const own = facts.own ?? { status: "healthy", reasons: [] };
  const statuses = [own.status, ...unhealthy.map(() => "unhealthy"), ...degraded.map(() => "degraded")];
  const status = (["unhealthy", "degraded"] as const).find((one) => statuses.includes(one)) ?? "healthy";
  return { status, reasons: [...unhealthy, ...degraded, ...own.reasons] };
}
