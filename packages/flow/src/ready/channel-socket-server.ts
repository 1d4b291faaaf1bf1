import { type ChannelSocketServer, type ServerMessage, UsageError } from "@sente-lite/protocol";
import { checkOptions } from "@sente-lite/protocol/options";
import { serverSamples } from "../monitoring/instruments.ts";
import { createInterpreter } from "../steps/interpreter.ts";
import type { Output } from "../steps/step.ts";
import { defineProcess, type Process } from "../system/process.ts";
import { emitMessage } from "./emit-message.ts";

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
 * A channel-socket server as a process. Outputs: `out`, the events of clients, those of one connection one after the other;
 * `uidport`, users who came and went; `client`, clients that did. Inputs: the standard outputs `push`, `broadcast`, `reply`
 * and `refuse`. A request that nobody answered is refused as `unhandled`. Stopping the process closes the server.
 * `startRouter` is that of the server's own package. Throws `UsageError` for options that cannot be meant.
 */
export function channelSocketServer(
  server: AnyServer,
  startRouter: StartRouter,
  options: ServerProcessOptions = {},
): Process {
  checkOptions("channelSocketServer", options, { drainMs: "number" });
  const { drainMs = 5_000 } = options;
  if (!(drainMs >= 0)) throw new UsageError("bad-option", "drainMs is a number of milliseconds of at least 0");
  const interpret = createInterpreter({ server: server as unknown as ChannelSocketServer });
  const sink = { optional: true, sink: true };
  let stopRouter: (() => void) | undefined;
  return defineProcess<undefined, Output>({
    ports: { in: { push: sink, broadcast: sink, reply: sink, refuse: sink }, out: ["out", "uidport", "client"] },
    start: ({ emit }) => {
      const route = startRouter as unknown as (server: AnyServer, handler: Handler) => () => void;
      // After a restart the first router still runs.
      stopRouter ??= route(server, (message) => {
        const { id, uid, clientId } = message;
        const port = portOf(id);
        if (port === undefined) return undefined;
        return emitMessage(emit, port, message, { context: { id, uid, clientId }, key: clientId });
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

/** The output of an event; of the protocol's own, those that tell who comes and goes. */
function portOf(id: string): "out" | "uidport" | "client" | undefined {
  if (id === "chsk/uidport-open" || id === "chsk/uidport-close") return "uidport";
  if (id === "chsk/client-open" || id === "chsk/client-close") return "client";
  return id.startsWith("chsk/") ? undefined : "out";
}
