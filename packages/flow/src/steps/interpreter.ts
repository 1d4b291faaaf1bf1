import { type ChannelSocketClient, type ChannelSocketServer, ReplyError, UsageError } from "@sente-lite/protocol";
import { checkOptions, type OptionKind } from "@sente-lite/protocol/options";
import type { Given, Output, StandardOutput } from "./step.ts";

/** Carries out an output of one's own; what it throws is the error of the step. */
export type OutputHandler = (output: never, given: Given) => unknown;

/** What the standard outputs act on. An output that has nothing to act on is an error, `unknown-output`. */
export interface InterpreterOptions {
  /** For `broadcast` and `push`. */
  readonly server?: Pick<ChannelSocketServer, "sendFn" | "broadcastFn">;
  /** For `send`. */
  readonly client?: Pick<ChannelSocketClient, "sendFn">;
  /** For `metrics`: sets a gauge. */
  readonly metrics?: { readonly observe: (type: string, data?: unknown) => void };
  /** For `log`. Default: the console. */
  readonly log?: (data: unknown) => void;
  /** Outputs by their `type`; they go before the standard ones. */
  readonly outputs?: Readonly<Record<string, OutputHandler>>;
}

/** Carries out one output. Throws `UsageError` `unknown-output`, and what the act itself throws. */
export type Interpreter = (output: Output, given: Given) => void;

type Acts = { readonly [T in StandardOutput["type"]]?: (output: never, given: Given) => unknown };

/** The kinds of an interpreter's options. */
export const interpreterKinds: Readonly<Record<keyof InterpreterOptions, OptionKind>> = {
  server: "object",
  client: "object",
  metrics: "object",
  log: "function",
  outputs: "object",
};

/**
 * Makes the one interpreter of the standard outputs and of the user's own. Throws `UsageError` for options that cannot be
 * meant.
 */
export function createInterpreter(options: InterpreterOptions): Interpreter {
  checkOptions("createInterpreter", options, interpreterKinds);
  const { server, client, metrics, log = toConsole, outputs = {} } = options;
  const standard: Acts = {
    ...(server && {
      broadcast: ({ event, except, volatile }: Of<"broadcast">) =>
        server.broadcastFn(event, { ...(except !== undefined && { except }), ...(volatile && { volatile }) }),
      push: ({ to, event, volatile }: Of<"push">) => server.sendFn(to, event, { ...(volatile && { volatile }) }),
    }),
    ...(client && {
      send: ({ event, volatile }: Of<"send">) => (volatile ? client.sendFn(event, { volatile }) : client.sendFn(event)),
    }),
    ...(metrics && { metrics: ({ data }: Of<"metrics">) => metrics.observe("metrics", data) }),
    reply: ({ value }: Of<"reply">, { origin }) => origin?.reply(value),
    refuse: ({ code, ...rest }: Of<"refuse">, { origin }) => origin?.reply(new ReplyError(code, rest)),
    log: ({ data }: Of<"log">) => log(data),
  };
  const acts = new Map<string, OutputHandler>([...Object.entries(standard), ...Object.entries(outputs)]);
  return (output, given) => {
    const type = "type" in output ? output.type : output[0];
    const act = acts.get(type);
    if (act === undefined) throw new UsageError("unknown-output", `nothing carries out the output "${type}"`);
    act(output as never, given);
  };
}

type Of<T extends StandardOutput["type"]> = Extract<StandardOutput, { readonly type: T }>;

function toConsole(data: unknown): void {
  (globalThis as unknown as { readonly console: { info(data: unknown): void } }).console.info(data);
}
