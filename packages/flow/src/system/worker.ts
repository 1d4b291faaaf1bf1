import { type ErrorContext, isReplyError, UsageError } from "@sente-lite/protocol";
import { codeOf } from "@sente-lite/protocol/calls";
import type { Item } from "./inbox.ts";
import type { Process, ProcessContext, Recovery, StopReason } from "./process.ts";
import { type Decided, decide, RestartLimit } from "./recovery.ts";
import type { Surroundings } from "./surroundings.ts";
import { type Owner, Traffic } from "./traffic.ts";
import { waitAtMost } from "./wait-at-most.ts";

const TIMEOUT_MS = 10_000;

/** Where a process is in its life. */
export type ProcessStatus = "new" | "running" | "paused" | "restarting" | "stopping" | "stopped" | "failed";

/** Runs one process: its life, and what is done about its errors. */
export class Worker implements Owner {
  readonly name: string;
  readonly traffic: Traffic;
  state: unknown;
  isPaused = false;
  restartedAt: number | undefined;
  readonly #process: Process;
  readonly #around: Surroundings;
  readonly #restarts = new RestartLimit();
  #phase: Exclude<ProcessStatus, "paused"> = "new";

  constructor(name: string, process: Process, around: Surroundings) {
    this.name = name;
    this.#process = process;
    this.#around = around;
    this.traffic = new Traffic(this, process, around);
  }

  get status(): ProcessStatus {
    return this.isPaused && this.#phase === "running" ? "paused" : this.#phase;
  }

  get takes(): boolean {
    return (this.#phase === "running" && !this.isPaused) || this.#phase === "stopping";
  }

  get hasEnded(): boolean {
    return this.#phase === "stopped" || this.#phase === "failed";
  }

  /** Rejects where it cannot start. */
  async start(): Promise<void> {
    await this.#open();
    this.#phase = "running";
    this.traffic.goOn();
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.traffic.goOn();
  }

  /** Takes what waits, closes, and takes what came meanwhile. Reports what is left when the time is over. */
  async stop(): Promise<void> {
    if (this.hasEnded) return;
    const wasOpen = this.#phase === "running";
    this.#phase = "stopping";
    this.isPaused = false;
    this.traffic.goOn();
    const { stopTimeoutMs = TIMEOUT_MS } = this.#process;
    try {
      await waitAtMost(this.#around.clock, stopTimeoutMs, `stopping ${this.name}`, async () => {
        if (!wasOpen) return;
        await this.traffic.awaitIdle();
        await this.#process.stop?.(this.state, "stop");
        await this.traffic.awaitIdle();
      });
    } catch (error) {
      this.report(error, { source: "stop" });
    }
    this.#end("stopped");
  }

  async #open(): Promise<void> {
    const { startTimeoutMs = TIMEOUT_MS } = this.#process;
    this.state = this.#process.init?.();
    const given = await waitAtMost(this.#around.clock, startTimeoutMs, `starting ${this.name}`, () =>
      this.#process.start?.(this.#context),
    );
    if (given !== undefined) this.state = given;
  }

  get #context(): ProcessContext<unknown> {
    return {
      clock: this.#around.clock,
      state: () => this.state,
      emit: (port, value, about) => this.traffic.emit(port, value, about),
      report: (error, context = {}) => this.report(error, context),
    };
  }

  #end(phase: "stopped" | "failed"): void {
    this.#phase = phase;
    const left = this.traffic.clear();
    if (left > 0) this.report(new UsageError("undelivered", `${left} values were left in ${this.name}`));
  }

  handleFailure(error: unknown, item: Item): void {
    item.flight.refuse(error);
    // An answer, not a fault.
    if (isReplyError(error)) return;
    this.#recover(error, item);
  }

  /** Reports an error, and does what the policy says. Without an item it is an error of the process's own life. */
  #recover(error: unknown, item: Item | undefined): void {
    this.#around.metrics.counter("flow_errors_total", { process: this.name, code: codeOf(error) ?? "none" }).add();
    const recovery = this.#decide(error, item);
    const context = item && { port: item.input.spec.name, ...item.flight.context };
    this.report(error, { ...context, action: recovery.action }, recovery.notify);
    if ("state" in recovery) this.state = recovery.state;
    if (recovery.action === "escalate") this.#around.escalate(error, this.name);
    else if (recovery.action === "restart") this.#restart(recovery, error);
    // Where it could not start, it cannot go on by leaving a value out.
    else if (recovery.action === "stop" || item === undefined) {
      this.#end("failed");
      void this.#close("stop");
    }
  }

  #decide(error: unknown, item: Item | undefined): Decided {
    const { onError = this.#around.recovery } = this.#process;
    const failure = { state: this.state, port: item?.input.spec.name, input: item?.value };
    const reportUndecided = (cause: unknown) => this.report(cause, { source: "onError" });
    return decide(onError, error, failure, this.#around.faultsOf, reportUndecided);
  }

  #restart(recovery: Recovery, error: unknown): void {
    // Not where it is stopping, or restarting already.
    if (this.#phase !== "running") return;
    if (!this.#restarts.allows(recovery, this.#around.clock.now())) {
      this.#around.escalate(error, this.name);
      return;
    }
    this.#phase = "restarting";
    this.#around.metrics.counter("flow_restarts_total", { process: this.name }).add();
    void this.#beginAnew(recovery.delayMs ?? 0);
  }

  async #beginAnew(delayMs: number): Promise<void> {
    await this.#close("restart");
    if (delayMs > 0) await new Promise<void>((resolve) => this.#around.clock.setTimer(delayMs, resolve));
    if (this.#phase !== "restarting") return;
    try {
      await this.#open();
    } catch (error) {
      if (this.#phase === "restarting") this.#phase = "running";
      this.#recover(error, undefined);
      return;
    }
    if (this.#phase !== "restarting") {
      await this.#close("stop");
      return;
    }
    this.#phase = "running";
    this.restartedAt = this.#around.clock.now();
    this.traffic.goOn();
  }

  /** Closes what it had open. An error of that is reported, and keeps nothing from going on. */
  async #close(reason: StopReason): Promise<void> {
    const { stopTimeoutMs = TIMEOUT_MS } = this.#process;
    try {
      await waitAtMost(this.#around.clock, stopTimeoutMs, `stopping ${this.name}`, () =>
        this.#process.stop?.(this.state, reason),
      );
    } catch (error) {
      this.report(error, { source: "stop" });
    }
  }

  report(error: unknown, context: ErrorContext = {}, notify?: string): void {
    this.#around.report(error, { process: this.name, ...context }, notify);
  }
}
