import { UsageError, type Watchable } from "@sente-lite/protocol";
import { checkFunction, checkOptions } from "@sente-lite/protocol/options";
import { type Clock, systemClock } from "../clock.ts";
import { createInterpreter, type InterpreterOptions, interpreterKinds } from "./interpreter.ts";
import { type Origin, type Output, type StepFn, stateAfter } from "./step.ts";

/** A state that several step functions share, and that can be watched, as an atom of Clojure. */
export interface StateCell<S> extends Watchable<S> {
  readonly set: (next: S) => void;
}

/** Makes a state cell. What a subscriber throws, `set` throws. */
export function createState<S>(initial: S): StateCell<S> {
  let current = initial;
  const subscribers = new Set<{ readonly fn: (next: S, previous: S) => void }>();
  return {
    get: () => current,
    set: (next) => {
      const previous = current;
      if (Object.is(previous, next)) return;
      current = next;
      for (const { fn } of [...subscribers]) fn(next, previous);
    },
    subscribe: (fn) => {
      const entry = { fn };
      subscribers.add(entry);
      return () => void subscribers.delete(entry);
    },
  };
}

/** The part of a server's or client's message that this file reads. */
interface Received {
  readonly id: string;
  readonly uid?: string | null;
  readonly clientId?: string;
  readonly replyFn?: ((value?: never) => boolean) | undefined;
}

/** Options of `wrapStepFn`. */
export interface WrapOptions<S, I, M> extends InterpreterOptions {
  readonly state: Pick<StateCell<S>, "get" | "set">;
  /** What the step gets of a message; `at` is in milliseconds since 1970. Default: the message itself. */
  readonly input?: (message: M, at: number) => I;
  /** Default: the machine's. */
  readonly clock?: Pick<Clock, "now">;
}

const kinds = { ...interpreterKinds, state: "object", input: "function", clock: "object" };

/**
 * Binds a step function to a receiver: the result is a handler for `startRouter` or `chRecv.on`. Each message is one
 * step; the state is set, then the outputs are carried out in order, each of them even where an earlier one failed.
 * The first error is thrown: of the step, which then changed nothing, or of an output. Options that cannot be meant throw
 * `UsageError`.
 */
export function wrapStepFn<S, I, O extends Output, M extends Received = Received>(
  step: StepFn<S, I, O>,
  options: WrapOptions<S, I, M>,
): (message: M) => void {
  checkFunction("wrapStepFn(step)", step);
  checkOptions("wrapStepFn", options, kinds);
  if (options?.state === undefined) throw new UsageError("bad-option", "wrapStepFn: the option state is a cell");
  const { state, input, clock = systemClock, ...surroundings } = options;
  const interpret = createInterpreter(surroundings);
  return (message) => {
    const at = clock.now();
    const given = { at, port: "in", origin: originOf(message) };
    const before = state.get();
    const stepped = step(before, input === undefined ? (message as unknown as I) : input(message, at), given);
    state.set(stateAfter(before, stepped));
    const errors: unknown[] = [];
    for (const output of stepped.outputs ?? []) {
      try {
        interpret(output, given);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  };
}

/** An event as an origin. */
export function originOf(message: Received): Origin {
  const { id, uid, clientId } = message;
  return {
    context: { id, uid, clientId },
    reply: (value) => (message.replyFn as ((value: unknown) => boolean) | undefined)?.(value) ?? false,
  };
}
