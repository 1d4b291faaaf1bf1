import type { ChannelSocketClient, ClientMessage, Event } from "@sente-lite/protocol";
import { defineProcess, type Process } from "../system/process.ts";
import type { StartRouter } from "./channel-socket-server.ts";

/** A client with any contract. */
export interface AnyClient extends Pick<ChannelSocketClient, "close" | "errorChan" | "state"> {
  readonly chRecv: { readonly on: (id: never, fn: never) => unknown };
  readonly sendFn: (event: never, ...rest: never) => unknown;
  readonly requestFn: (event: never, options?: never) => Promise<unknown>;
}

/** A request for the input `request` of `channelSocketClient`. */
export interface ClientRequest {
  readonly type: "request";
  readonly event: Event;
  readonly timeoutMs?: number;
}

/** What the output `replies` gives for each request: `error` is a `ReplyError`. */
export type ClientReply =
  | { readonly request: ClientRequest; readonly value: unknown }
  | { readonly request: ClientRequest; readonly error: unknown };

type Input = { readonly type: "send"; readonly event: Event } | ClientRequest;

/**
 * A channel-socket client as a process. Outputs: `out`, the events that the server pushes; `state`, each new state of
 * the connection; `replies`, a `ClientReply` for each request. Inputs: the standard output `send`, and `request`.
 * Stopping the process closes the client. `startRouter` is that of the client's own package.
 */
export function channelSocketClient(client: AnyClient, startRouter: StartRouter): Process {
  const { state, sendFn, requestFn } = client as unknown as ChannelSocketClient;
  const route = startRouter as unknown as (
    client: AnyClient,
    handler: (message: ClientMessage) => unknown,
  ) => () => void;
  let endings: (() => void)[] = [];
  return defineProcess<undefined, Input>({
    ports: {
      in: { send: { optional: true, sink: true }, request: { optional: true } },
      out: ["out", "state", "replies"],
    },
    start: ({ emit }) => {
      if (endings.length > 0) return;
      const received = (message: ClientMessage) => {
        const { id } = message;
        return id.startsWith("chsk/") ? undefined : emit("out", message, { context: { id } });
      };
      endings = [route(client, received), state.subscribe((next) => void emit("state", next))];
    },
    transform: (_, input) => {
      const { event } = input;
      if (input.type === "send") {
        sendFn(event);
        return undefined;
      }
      const reply = requestFn(event, input.timeoutMs === undefined ? {} : { timeoutMs: input.timeoutMs });
      return reply.then(answered(input), refused(input)).then((replied) => ({ outputs: [["replies", replied]] }));
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

const answered =
  (request: ClientRequest) =>
  (value: unknown): ClientReply => ({ request, value });
const refused =
  (request: ClientRequest) =>
  (error: unknown): ClientReply => ({ request, error });
