import { type ChannelSocketServer, ReplyError, type ServerMessage } from "@sente-lite/protocol";
import { serverSamples } from "../monitoring/instruments.ts";
import { createInterpreter } from "../steps/interpreter.ts";
import type { Output } from "../steps/step.ts";
import { defineProcess, type Process } from "../system/process.ts";

/** A server with any context and contract. */
export interface AnyServer extends Pick<ChannelSocketServer, "close" | "errorChan" | "isReady" | "metrics"> {
  readonly chRecv: { readonly on: (id: never, fn: never) => unknown };
  readonly sendFn: (to: never, event: never, options?: never) => unknown;
  readonly broadcastFn: (event: never, options?: never) => unknown;
}

/** `startRouter` of a runtime package: through it the pressure of a slow system reaches the sockets. */
export type StartRouter = (routable: never, handler: never) => () => void;

/** Options of the process `channelSocketServer`. */
export interface ServerProcessOptions {
  /** How long connections may take to end when the process stops, as in `server.close`. Default 5,000; 0: at once. */
  readonly drainMs?: number;
}

type Handler = (message: ServerMessage) => unknown;

/**
 * A channel-socket server as a process. Outputs: `out`, its events, of which each connection gives one after the other;
 * `uidport`, users who came and went. Inputs: the standard outputs `push`, `broadcast`, `reply` and `refuse`. A request
 * that nobody answered is refused as `unhandled`. Stopping the process closes the server. `startRouter` is that of the
 * server's own package.
 */
export function channelSocketServer(
  server: AnyServer,
  startRouter: StartRouter,
  { drainMs = 5_000 }: ServerProcessOptions = {},
): Process {
  const interpret = createInterpreter({ server: server as unknown as ChannelSocketServer });
  const sink = { optional: true, sink: true };
  let stopRouter: (() => void) | undefined;
  return defineProcess<undefined, Output>({
    ports: { in: { push: sink, broadcast: sink, reply: sink, refuse: sink }, out: ["out", "uidport"] },
    start: ({ emit }) => {
      const route = startRouter as unknown as (server: AnyServer, handler: Handler) => () => void;
      // After a restart it still runs.
      stopRouter ??= route(server, (message) => {
        const { id, uid, clientId, replyFn } = message;
        const port = id.startsWith("chsk/uidport-") ? "uidport" : "out";
        if (port === "out" && id.startsWith("chsk/")) return undefined;
        let isAnswered = replyFn === undefined;
        const answer = (value: unknown) => {
          isAnswered = true;
          return replyFn?.(value) ?? false;
        };
        const finish = () => {
          if (!isAnswered) answer(new ReplyError("unhandled"));
        };
        const handled = emit(port, message, { context: { id, uid, clientId }, key: clientId, replyFn: answer });
        return handled === undefined ? finish() : handled.then(finish);
      });
    },
    transform: (_, output, given) => interpret(output, given),
    stop: async (_, reason) => {
      // Connections outlive a restart.
      if (reason === "restart") return;
      await server.close({ drainMs });
      stopRouter?.();
    },
    stopTimeoutMs: drainMs + 5_000,
    errorChan: server.errorChan,
    samples: () => serverSamples(server),
    isReady: server.isReady,
  });
}
