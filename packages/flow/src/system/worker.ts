import { type ErrorContext, ReplyError, UsageError } from "@sente-lite/protocol";
import { codeOf, isThenable } from "@sente-lite/protocol/session";
import type { Clock } from "../clock.ts";
import type { Counter, Histogram, Metrics } from "../monitoring/metrics.ts";
import type { Interpreter } from "../steps/interpreter.ts";
import { type Given, type Output, portOf, type Stepped, stateAfter } from "../steps/step.ts";
import { Deque } from "./deque.ts";
import { Flight } from "./flight.ts";
import { drop, Inbox, type Input, type Item, overloaded, unavailable } from "./inbox.ts";
import { portsOf } from "./port.ts";
import type { About, Nothing, OnError, Process, ProcessContext, Recovery, StopReason } from "./process.ts";
import { type Decided, decide, RestartLimit } from "./recovery.ts";
import type { Scheduled, Scheduler } from "./scheduler.ts";
import { within } from "./within.ts";

/** Values that are handled before another process has its turn. */
const BURST = 64;
/** Values that wait to go out of a source which does not wait for them. */
const MAX_OUTGOING = 100_000;
const TIMEOUT_MS = 10_000;

/** Where a process is in its life. */
export type ProcessStatus = "new" | "running" | "paused" | "restarting" | "stopping" | "stopped" | "failed";

/** What workers share. */
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

/** An input, and whose it is. */
export interface WorkerInput extends Input {
  readonly worker: Worker;
}

/** Runs one process: its queues, its life, and what is done about its errors. */
export class Worker implements Scheduled {
  readonly name: string;
  readonly inputs: ReadonlyMap<string, WorkerInput>;
  isScheduled = false;
  restartedAt: number | undefined;
  readonly #process: Process;
  readonly #around: Surroundings;
  readonly #routes: Map<string, WorkerInput[]>;
  readonly #concurrency: number;
  readonly #handled: Counter;
  readonly #latency: Histogram;
  readonly #inbox = new Inbox<WorkerInput>();
  /** What found no place further on, or waits because of a pause. While there is any, nothing is taken. */
  readonly #outbox = new Deque<Item<WorkerInput>>();
  /** Those whose outbox waits for a place here. */
  readonly #waiting = new Set<Worker>();
  #phase: Exclude<ProcessStatus, "paused"> = "new";
  #isPaused = false;
  #state: unknown;
  #working = 0;
  readonly #restarts = new RestartLimit();
  #whenIdle: (() => void)[] = [];

  constructor(name: string, process: Process, around: Surroundings) {
    const ports = portsOf(process);
    const { metrics } = around;
    this.name = name;
    this.#process = process;
    this.#around = around;
    this.#concurrency = process.concurrency ?? 1;
    this.#handled = metrics.counter("flow_handled_total", { process: name });
    this.#latency = metrics.histogram("flow_latency_seconds", { process: name });
    this.#routes = new Map(ports.out.map((port) => [port, []]));
    const inputs = ports.in.map((spec): [string, WorkerInput] => {
      const dropped = metrics.counter("flow_dropped_total", { process: name, port: spec.name });
      return [spec.name, { spec, worker: this, dropped, depth: 0 }];
    });
    this.inputs = new Map(inputs);
  }

  get status(): ProcessStatus {
    return this.#isPaused && this.#phase === "running" ? "paused" : this.#phase;
  }

  get #hasEnded(): boolean {
    return this.#phase === "stopped" || this.#phase === "failed";
  }

  get state(): unknown {
    return this.#state;
  }

  connect(port: string, input: WorkerInput): void {
    this.#routes.get(port)?.push(input);
  }

  // Life

  /** Rejects where it cannot start. */
  async start(): Promise<void> {
    await this.#open();
    this.#phase = "running";
    this.#goOn();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#goOn();
  }

  /** Takes what waits, closes, takes what came meanwhile. What is left when the time is over is reported. */
  async stop(): Promise<void> {
    if (this.#hasEnded) return;
    const wasOpen = this.#phase === "running";
    this.#phase = "stopping";
    this.#isPaused = false;
    this.#goOn();
    const { stopTimeoutMs = TIMEOUT_MS } = this.#process;
    try {
      await within(this.#around.clock, stopTimeoutMs, `stopping ${this.name}`, async () => {
        if (!wasOpen) return;
        await this.#idle();
        await this.#process.stop?.(this.#state, "stop");
        await this.#idle();
      });
    } catch (error) {
      this.#report(error, { source: "stop" });
    }
    this.#end("stopped");
  }

  async #open(): Promise<void> {
    const { startTimeoutMs = TIMEOUT_MS } = this.#process;
    this.#state = this.#process.init?.();
    const given = await within(this.#around.clock, startTimeoutMs, `starting ${this.name}`, () =>
      this.#process.start?.(this.#context),
    );
    if (given !== undefined) this.#state = given;
  }

  get #context(): ProcessContext<unknown> {
    return {
      clock: this.#around.clock,
      state: () => this.#state,
      emit: (port, value, about) => this.#emit(port, value, about),
      report: (error, context = {}) => this.#report(error, context),
    };
  }

  #end(phase: "stopped" | "failed"): void {
    this.#phase = phase;
    const left = [...this.#inbox.clear(), ...this.#outbox.clear()];
    for (const { flight } of left) {
      flight.refuse(unavailable());
      flight.leave();
    }
    if (left.length > 0) this.#report(new UsageError("undelivered", `${left.length} values were left in ${this.name}`));
    this.#placesAreFree();
    this.#tellIdle();
    this.#around.scheduler.run();
  }

  // Values

  /** Takes a value in, or leaves it out. False: there is no place, ask again. */
  offer(item: Item<WorkerInput>): boolean {
    if (this.#hasEnded) {
      drop(item, unavailable());
      return true;
    }
    const isTaken = this.#inbox.put(item);
    if (isTaken) this.#around.scheduler.schedule(this);
    return isTaken;
  }

  /** Sends a value to inputs; resolves when all that came of it has been dealt with. */
  send(targets: readonly WorkerInput[], value: unknown, about: About = {}): Promise<void> | undefined {
    const { clock, scheduler } = this.#around;
    const flight = new Flight(about, clock.span(), this.#landed);
    flight.enter();
    if (this.#hasEnded) flight.refuse(unavailable());
    else if (this.#outbox.size >= MAX_OUTGOING) {
      flight.refuse(overloaded());
      this.#report(new UsageError("overloaded", `${this.name} emits faster than it waits`));
    } else for (const target of targets) this.#deliver(target, value, flight);
    flight.leave();
    scheduler.run();
    return flight.landing();
  }

  #emit(port: string, value: unknown, about: About | undefined): Promise<void> | undefined {
    const targets = this.#routes.get(port);
    if (targets === undefined) throw new UsageError("unknown-port", `${this.name} has no output ${port}`);
    return this.send(targets, value, about);
  }

  readonly #landed = (flight: Flight): void => {
    this.#latency.record((this.#around.clock.span() - flight.begunAt) / 1_000);
  };

  #deliver(input: WorkerInput, value: unknown, flight: Flight): void {
    const item = { input, value, flight };
    flight.enter();
    if (this.#outbox.size === 0 && !this.#isPaused && input.worker.offer(item)) return;
    this.#outbox.push(item);
    this.#around.scheduler.schedule(this);
  }

  turn(): void {
    let left = BURST;
    for (; this.#flush() && left > 0 && this.#takes; left--) {
      const item = this.#inbox.next();
      if (item === undefined) break;
      this.#placesAreFree();
      this.#handle(item);
    }
    if (left === 0) this.#around.scheduler.schedule(this);
    this.#tellIdle();
  }

  /** False while something waits that has to go first. */
  #flush(): boolean {
    for (let item = this.#outbox.peek(); item !== undefined; item = this.#outbox.peek()) {
      if (this.#isPaused) return false;
      const { worker } = item.input;
      if (!worker.offer(item)) {
        worker.#waiting.add(this);
        return false;
      }
      this.#outbox.shift();
    }
    return true;
  }

  get #takes(): boolean {
    return (
      ((this.#phase === "running" && !this.#isPaused) || this.#phase === "stopping") &&
      this.#working < this.#concurrency &&
      this.#outbox.size === 0
    );
  }

  #placesAreFree(): void {
    if (this.#waiting.size === 0) return;
    for (const worker of this.#waiting) this.#around.scheduler.schedule(worker);
    this.#waiting.clear();
  }

  #handle(item: Item): void {
    const given = { at: this.#around.clock.now(), port: item.input.spec.name, origin: item.flight };
    let result: ReturnType<NonNullable<Process["transform"]>>;
    try {
      result = this.#process.transform?.(this.#state, item.value, given);
    } catch (error) {
      this.#finish(item, () => this.#failed(error, item));
      return;
    }
    if (isThenable(result)) this.#await(result, item, given);
    else this.#finish(item, () => this.#apply(result, item, given));
  }

  #await(result: PromiseLike<Stepped<unknown> | Nothing>, item: Item, given: Given): void {
    const { key } = item.flight;
    this.#working++;
    this.#inbox.hold(key);
    const finish = (work: () => void) => {
      this.#working--;
      this.#inbox.release(key);
      this.#finish(item, work);
      this.#goOn();
    };
    Promise.resolve(result).then(
      (stepped) => finish(() => this.#apply(stepped, item, given)),
      (error: unknown) => finish(() => this.#failed(error, item)),
    );
  }

  #finish(item: Item, work: () => void): void {
    this.#handled.add();
    try {
      work();
    } catch (error) {
      // What the step returned is nothing that a step returns.
      this.#failed(error, item);
    }
    item.flight.leave();
  }

  #apply(stepped: Stepped<unknown> | Nothing, item: Item, given: Given): void {
    if (stepped === undefined) return;
    this.#state = stateAfter(this.#state, stepped);
    for (const output of stepped.outputs ?? []) {
      try {
        this.#output(output, item, given);
      } catch (error) {
        this.#failed(error, item);
      }
    }
  }

  #output(output: Output, { input, flight }: Item, given: Given): void {
    const [port, value] = portOf(output);
    const targets = this.#routes.get(port);
    if (targets === undefined) this.#around.interpret(output, given);
    else if (input.spec.sink && targets.length > 0) {
      throw new UsageError("sink-emitted", `${this.name}.${input.spec.name} is a sink, and ${port} came out of it`);
    } else for (const target of targets) this.#deliver(target, value, flight);
  }

  #goOn(): void {
    this.#around.scheduler.schedule(this);
    this.#around.scheduler.run();
  }

  #idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve);
      this.#tellIdle();
    });
  }

  #tellIdle(): void {
    if (this.#whenIdle.length === 0 || this.#working > 0 || this.#inbox.size > 0 || this.#outbox.size > 0) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  // Errors

  #failed(error: unknown, item: Item): void {
    item.flight.refuse(error);
    // An answer, not a fault.
    if (error instanceof ReplyError) return;
    this.#recover(error, item);
  }

  /** Reports an error, and does what the policy says. Without an item it is an error of the process's own life. */
  #recover(error: unknown, item: Item | undefined): void {
    this.#around.metrics.counter("flow_errors_total", { process: this.name, code: codeOf(error) ?? "none" }).add();
    const recovery = this.#decide(error, item);
    const context = item && { port: item.input.spec.name, ...item.flight.context };
    this.#report(error, { ...context, action: recovery.action }, recovery.notify);
    if ("state" in recovery) this.#state = recovery.state;
    if (recovery.action === "restart") this.#restart(recovery, error);
    else if (recovery.action === "stop") {
      this.#end("failed");
      void this.#close("stop");
    } else if (recovery.action === "escalate") this.#around.escalate(error, this.name);
  }

  #decide(error: unknown, item: Item | undefined): Decided {
    const { onError = this.#around.recovery } = this.#process;
    const failure = { state: this.#state, port: item?.input.spec.name, input: item?.value };
    const undecided = (cause: unknown) => this.#report(cause, { source: "onError" });
    return decide(onError, error, failure, this.#around.faultsOf, undecided);
  }

  #restart(recovery: Recovery, error: unknown): void {
    // One that is stopping, or already on its way, does not begin anew.
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
    this.#goOn();
  }

  /** Closes what it had open; what goes wrong then is reported, and stops nothing. */
  async #close(reason: StopReason): Promise<void> {
    const { stopTimeoutMs = TIMEOUT_MS } = this.#process;
    try {
      await within(this.#around.clock, stopTimeoutMs, `stopping ${this.name}`, () =>
        this.#process.stop?.(this.#state, reason),
      );
    } catch (error) {
      this.#report(error, { source: "stop" });
    }
  }

  #report(error: unknown, context: ErrorContext = {}, notify?: string): void {
    this.#around.report(error, { process: this.name, ...context }, notify);
  }
}
