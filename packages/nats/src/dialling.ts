import { subscribe, unsubscribe } from "node:diagnostics_channel";
import * as nats from "@nats-io/transport-node";

const NEW_SOCKET = "net.client.socket";

/** What of the client of NATS dials, as far as it is needed here; of another version any of it may be missing. */
interface Dialler {
  transport?: Transport;
  /** Before each dial: discards the transport, and makes the next one. */
  prepare?(): unknown;
}

interface Transport {
  readonly isClosed?: boolean;
  /** Whether it had connected or not. */
  discard?(): void;
  socket?: unknown;
  dial?(at: unknown): unknown;
}

/**
 * Opens a connection; where that fails, ends the socket that was dialled. The client forgets it open where a server takes it and
 * says nothing: its transport closes only what had connected.
 */
export async function openConnection<T>(open: () => Promise<T>): Promise<T> {
  const { opening, dialler } = seeDialler(open);
  try {
    return await opening;
  } catch (error) {
    endDialling(dialler);
    throw error;
  }
}

/** Closes a connection, also where it is about to connect again, which the client would go on with. */
export async function closeConnection(connection: nats.NatsConnection): Promise<void> {
  await connection.close().catch(() => undefined);
  endDialling((connection as { readonly protocol?: Dialler }).protocol);
}

function endDialling(dialler: Dialler | undefined): void {
  if (dialler === undefined) return;
  const { transport } = dialler;
  if (transport?.isClosed === false) transport.discard?.();
  // The host's name may be looked up just now: what is dialled after that would be forgotten, too.
  if (dialler.prepare !== undefined) {
    dialler.prepare = () => {
      throw new Error("closed");
    };
  }
}

/**
 * A connection that fails hands out nothing, but it begins to dial before `connect` returns: for so long its class tells which
 * one that is. Nobody else can run meanwhile.
 */
function seeDialler<T>(open: () => Promise<T>): {
  readonly opening: Promise<T>;
  readonly dialler: Dialler | undefined;
} {
  const prototype = (nats as { readonly ProtocolHandler?: typeof nats.ProtocolHandler }).ProtocolHandler?.prototype;
  const dialLoop = prototype?.dialLoop;
  if (prototype === undefined || dialLoop === undefined) return { opening: open(), dialler: undefined };
  let dialler: Dialler | undefined;
  prototype.dialLoop = function (this: nats.ProtocolHandler) {
    dialler = this as unknown as Dialler;
    watchDials(dialler);
    return dialLoop.call(this);
  };
  try {
    const opening = open();
    return { opening, dialler };
  } finally {
    prototype.dialLoop = dialLoop;
  }
}

/**
 * Has each transport know its socket at once, so that it discards that, too: it would only once the other side took the
 * connection, which the system tries for minutes. Where a runtime does not tell of sockets, it stays as it is.
 */
function watchDials(dialler: Dialler): void {
  const { prepare } = dialler;
  if (prepare === undefined) return;
  dialler.prepare = () => {
    const prepared = prepare.call(dialler);
    const { transport } = dialler;
    const dial = transport?.dial;
    if (transport === undefined || dial === undefined) return prepared;
    transport.dial = (at) => {
      const see = (message: unknown) => {
        transport.socket = (message as { readonly socket: unknown }).socket;
      };
      subscribe(NEW_SOCKET, see);
      try {
        return dial.call(transport, at);
      } finally {
        unsubscribe(NEW_SOCKET, see);
      }
    };
    return prepared;
  };
}
