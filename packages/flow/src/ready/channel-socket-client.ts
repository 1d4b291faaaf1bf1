import type { ChannelSocketClient, ClientMessage, SenteEvent } from "@sente-lite/protocol";
import { createInterpreter } from "../steps/interpreter.ts";
import type { StandardOutput } from "../steps/step.ts";
import { defineProcess, type Process } from "../system/process.ts";
import type { StartRouter } from "./channel-socket-server.ts";
import { emitMessage } from "./emit-message.ts";

/** A client with any contract. */
export interface AnyClient extends Pick<ChannelSocketClient, "close" | "errorChan" | "state"> {
  readonly chRecv: { readonly on: (id: never, fn: never) => unknown };
  readonly sendFn: (event: never, ...rest: never) => unknown;
  readonly requestFn: (event: never, options?: never) => Promise<unknown>;
}

/** A request for the input `request` of `channelSocketClient`. */
export interface ClientRequest {
  readonly type: "request";
  readonly event: SenteEvent;
  readonly timeoutMs?: number;
}

/** What the output `replies` gives for each request: `error` is a `ReplyError`. */
export type ClientReply =
  | { readonly request: ClientRequest; readonly value: unknown }
  | { readonly request: ClientRequest; readonly error: unknown };

type Input = Extract<StandardOutput, { readonly type: "send" | "reply" | "refuse" }> | ClientRequest;

/**
 * A channel-socket client as a process. Outputs: `out`, the events that the server pushes, and its requests; `state`, each
 * new state of the connection; `replies`, a `ClientReply` for each request of its own. Inputs: the standard outputs `send`,
 * `reply` and `refuse`, and `request`. A request of the server's that nobody answered is refused as `unhandled`. Stopping
 * the process closes the client. `startRouter` is that of the client's own package.
 */
export function channelSocketClient(client: AnyClient, startRouter: StartRouter): Process {
  const { state, sendFn, requestFn } = client as unknown as ChannelSocketClient;
  const interpret = createInterpreter({ client: { sendFn } });
  const sink = { optional: true, sink: true };
  const route = startRouter as unknown as (
    client: AnyClient,
    handler: (message: ClientMessage) => unknown,
  ) => () => void;
  let endings: (() => void)[] = [];
  return defineProcess<undefined, Input>({
    ports: {
      in: { send: sink, reply: sink, refuse: sink, request: { optional: true } },
      out: ["out", "state", "replies"],
    },
    start: ({ emit }) => {
      if (endings.length > 0) return;
      const emitEvent = (message: ClientMessage) => {
        const { id } = message;
        return id.startsWith("chsk/") ? undefined : emitMessage(emit, "out", message, { context: { id } });
      };
      endings = [route(client, emitEvent), state.subscribe((next) => void emit("state", next))];
    },
    transform: (_, input, given) => {
      if (input.type !== "request") return interpret(input, given);
      const reply = requestFn(input.event, input.timeoutMs === undefined ? {} : { timeoutMs: input.timeoutMs });
      return reply.then(tellValue(input), tellError(input)).then((replied) => ({ outputs: [["replies", replied]] }));
    },
    // Requests wait for their replies side by side.
    concurrency: 1_000,
    stop: (_, reason) => {
      if (reason === "restart") return;
      for (const end of endings) end();
      client.close();
    },
    errorChan: client.errorChan,
  });
}

const tellValue =
  (request: ClientRequest) =>
  (value: unknown): ClientReply => ({ request, value });
const tellError =
  (request: ClientRequest) =>
  (error: unknown): ClientReply => ({ request, error });
