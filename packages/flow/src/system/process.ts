import type { ErrorChan, ErrorContext, MaybePromise } from "@sente-lite/protocol";
import type { Clock } from "../clock.ts";
import type { Sample } from "../monitoring/metrics.ts";
import type { Given, Output, Stepped } from "../steps/step.ts";

/** What becomes of a value for which an input has no place. */
export type QueuePolicy =
  /** Whoever sends waits, and stops taking values itself: the pressure goes back to the source, at last to the socket. */
  | "block"
  /** The value that has waited for longest goes. */
  | "drop-oldest"
  /** The new value goes. */
  | "drop-newest";

/** An input of a process: a queue. */
export interface InputOptions {
  /** Values that wait, at most. Default 256. */
  readonly capacity?: number;
  /** Default `block`. What is dropped is counted, and its request refused as `overloaded`. */
  readonly policy?: QueuePolicy;
  /** It need not be connected: its values are injected, or it is not used. */
  readonly optional?: boolean;
  /** True where its values end: the process sends nothing because of them, so that no cycle leads through it. */
  readonly sink?: boolean;
}

/** The inputs and outputs of a process. */
export interface Ports {
  /** By name. Default: one, `in`, where the process has a `transform`. */
  readonly in?: readonly string[] | Readonly<Record<string, InputOptions>>;
  /** Default: one, `out`. What leaves by an output that is not connected goes nowhere. */
  readonly out?: readonly string[];
}

/**
 * What is done about an error. `skip`: the value is left out, the state stays. `restart`: `stop`, `init` and `start` are
 * called again; what waits goes on waiting. `stop`: the process ends, and what still comes is refused as `unavailable`.
 * `escalate`: the system ends.
 */
export type RecoveryAction = "skip" | "restart" | "stop" | "escalate";

/** An action and its particulars. */
export interface Recovery {
  readonly action: RecoveryAction;
  /** Who is told beside the error channel: a name of `errorHandling.notify`. */
  readonly notify?: string;
  /** More restarts than that `withinMs` escalate. Default 5. */
  readonly maxRestarts?: number;
  /** Default 60,000. */
  readonly withinMs?: number;
  /** Before the restart. Default 0. */
  readonly delayMs?: number;
}

/** An action, alone or with particulars. */
export type OnError = RecoveryAction | Recovery;

/** Where an error happened: the state before it, and the input that was worked on, if any. */
export interface Failure<S> {
  readonly state: S;
  readonly port: string | undefined;
  readonly input: unknown;
}

/** What a source says of a value: how it is answered, and which values keep their order. */
export interface About {
  /** For error reports. */
  readonly context?: ErrorContext;
  /** Answers a request, once. */
  readonly replyFn?: ((value?: unknown) => boolean) | undefined;
  /** Values with one key are taken one after the other, also where a process works on several at once. */
  readonly key?: unknown;
}

/** What a process is given when it starts. */
export interface ProcessContext<S> {
  readonly clock: Clock;
  /** The state as it is now. */
  readonly state: () => S;
  /**
   * Sends a value out of an output. Resolves when all that came of it is dealt with; returns `undefined` where it is
   * already. A source that waits for that before it takes the next value is never faster than its system.
   */
  readonly emit: (port: string, value: unknown, about?: About) => Promise<void> | undefined;
  /** Reports an error without being stopped by it. */
  readonly report: (error: unknown, context?: ErrorContext) => void;
}

/** The result of a function that returns nothing. */
export type Nothing = ReturnType<() => void> | undefined;

/** Why a process stops: for good, or to start again at once. */
export type StopReason = "stop" | "restart";

/**
 * A process: a state, inputs and outputs, and the functions of its life, all of which may be asynchronous. Written with
 * `defineProcess`, which infers the types.
 */
export interface Process<S = unknown, I = unknown, O extends Output = Output> {
  readonly ports?: Ports;
  /** The first state, and the state after a restart. Default: undefined. */
  init?(): S;
  /** Opens what it needs, and starts to emit. What it returns, if anything, is the state. */
  start?(context: ProcessContext<S>): MaybePromise<S | Nothing>;
  /** Closes what `start` opened. Meanwhile the process still takes what comes in. */
  stop?(state: S, reason: StopReason): MaybePromise<void>;
  /**
   * Takes one value of an input, one after the other. A throw is an error of the process, and leaves its state as it
   * was; a thrown `ReplyError` is an answer.
   */
  transform?(state: S, input: I, given: Given): MaybePromise<Stepped<S, O> | Nothing>;
  /** Default: the system's. A function decides by the error, and may give the state to go on with. */
  readonly onError?: OnError | ErrorDecision<S>;
  /** How many values it works on at once, where it has no state; those of one connection stay in order. Default 1. */
  readonly concurrency?: number;
  /** How long `start` and `stop` may take, what waits included. Default 10,000. */
  readonly startTimeoutMs?: number;
  readonly stopTimeoutMs?: number;
  /** An error channel of its own, whose reports are the system's too. */
  readonly errorChan?: ErrorChan;
  /** For the metrics of the system; read when somebody asks. */
  readonly samples?: () => Iterable<Sample>;
  /** False: the system is not ready for work. */
  readonly isReady?: () => boolean;
}

/** Decides about an error, and may give the state to go on with. It is a method here, so that a process with any state fits. */
export type ErrorDecision<S> = {
  decide(error: unknown, failure: Failure<S>): OnError | (Recovery & { readonly state?: S });
}["decide"];

/** Returns the process as it is, with its types. Outputs may differ in shape: `O` is not inferred from the first one. */
export function defineProcess<S = undefined, I = unknown, O extends Output = Output>(
  process: Process<S, I, NoInfer<O>>,
): Process<S, I, O> {
  return process;
}
