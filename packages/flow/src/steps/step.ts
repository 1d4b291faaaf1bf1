import type { SenteEvent, To } from "@sente-lite/protocol";

/** What a step function is told beside its input. */
export interface Given {
  /** When, in milliseconds since 1970: the only clock of a pure step. */
  readonly at: number;
  /** The input of its process by which the value came; `in` outside of a system. */
  readonly port: string;
  /** Where the input comes from: who sent it, and the way to answer. Undefined outside of a system. */
  readonly origin: Origin | undefined;
}

/** Where a value comes from that is on its way through a system: an event of a peer, a tick, something injected. */
export interface Origin {
  /** For error reports: `{ id, uid, clientId }` of an event. */
  readonly context: Readonly<Record<string, unknown>>;
  /** Answers the request, once: false where there was none, or where it is answered already. A `ReplyError` refuses it. */
  readonly reply: (value: unknown) => boolean;
}

/**
 * What comes out of a step: an object whose `type` says where it goes, or the pair of a port and a value. In a system
 * `type` is the port by which the object leaves its process.
 */
export type Output = { readonly type: string } | readonly [port: string, value: unknown];

/** The state after a step (absent: as it was), and what is to be done, in order. */
export interface Stepped<S, O extends Output = Output> {
  readonly state?: S;
  readonly outputs?: readonly O[];
}

/** Says, from the state and from what happened, the next state and what is to be done. Pure: no clock, no socket. */
export type StepFn<S, I, O extends Output = Output> = (state: S, input: I, given: Given) => Stepped<S, O>;

/** The outputs that the library carries out itself; an application adds its own. */
export type StandardOutput =
  /** To every connection of a server, but those of `except`. */
  | { readonly type: "broadcast"; readonly event: SenteEvent; readonly except?: To; readonly volatile?: boolean }
  /** To the connections of a user, or of several, or to who is in a room. */
  | { readonly type: "push"; readonly to: To; readonly event: SenteEvent; readonly volatile?: boolean }
  /** From a client to its server. */
  | { readonly type: "send"; readonly event: SenteEvent; readonly volatile?: boolean }
  /** Answers the request that the input was. */
  | { readonly type: "reply"; readonly value: unknown }
  /** Refuses it: the caller's request is rejected with that code. */
  | { readonly type: "refuse"; readonly code: string; readonly message?: string; readonly data?: unknown }
  /** Each number is the value of a gauge. */
  | { readonly type: "metrics"; readonly data: Readonly<Record<string, number>> }
  | { readonly type: "log"; readonly data: unknown }
  /** For the user interface: the step and the application agree on what else it holds. */
  | { readonly type: "ui-update" };

/** One step as a harness saw it. */
export interface HarnessStep<S, I, O extends Output> {
  readonly input: I;
  /** After the step. */
  readonly state: S;
  readonly outputs: readonly O[];
}

/** What a list of inputs did. */
export interface Harness<S, I, O extends Output> {
  /** After the last step. */
  readonly state: S;
  /** Of all steps, in order. */
  readonly outputs: readonly O[];
  readonly steps: readonly HarnessStep<S, I, O>[];
}

/**
 * Runs a step function over a list of inputs: for tests that need no system. `at` is what the steps are told as the
 * time, in milliseconds since 1970; as a function, of each input. Default: 0.
 */
export function stepHarness<S, I, O extends Output>(
  step: StepFn<S, I, O>,
  initial: S,
  inputs: readonly I[],
  at: number | ((input: I, index: number) => number) = 0,
): Harness<S, I, O> {
  let state = initial;
  const steps = inputs.map((input, index) => {
    const time = typeof at === "number" ? at : at(input, index);
    const stepped = step(state, input, { at: time, port: "in", origin: undefined });
    state = stateAfter(state, stepped);
    return { input, state, outputs: stepped.outputs ?? [] };
  });
  return { state, outputs: steps.flatMap(({ outputs }) => outputs), steps };
}

/** The state after a step that may have left it alone. */
export function stateAfter<S>(before: S, stepped: Stepped<S>): S {
  return "state" in stepped ? (stepped.state as S) : before;
}

/** The port by which an output leaves its process, and the value that leaves. */
export function portOf(output: Output): readonly [port: string, value: unknown] {
  return "type" in output ? [output.type, output] : output;
}
