import { UsageError } from "@sente-lite/protocol";
import { checkOptions } from "@sente-lite/protocol/options";

/** Where a server listens. */
export interface Listening {
  /** The address for clients: `ws://127.0.0.1:3000/chsk`. */
  readonly url: string;
  readonly hostname: string;
  readonly port: number;
}

/** What `listen` is asked for; the path where it is not an option of the server itself. */
export interface ListenOptions {
  readonly port?: number;
  readonly hostname?: string;
  readonly path?: string;
}

const kinds = { port: "number", hostname: "string" };
const withPath = { ...kinds, path: "string" };

/**
 * What `listen` is asked for, with the defaults of every runtime; `takesPath` where the path is one of its options. Throws
 * `UsageError` for an option that it does not take.
 */
export function listenOptionsOf(options: ListenOptions, takesPath: boolean): Required<ListenOptions> {
  checkOptions("listen", options, takesPath ? withPath : kinds, { host: "hostname" });
  const { port = 0, hostname = "127.0.0.1", path = "/chsk" } = options;
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    throw new UsageError("bad-option", `listen: port is a whole number from 0 to 65535, not ${port}`);
  }
  // To the runtimes no name means every address of the machine.
  if (hostname === "") throw new UsageError("bad-option", 'listen: hostname is a name or an address, not ""');
  return { port, hostname, path };
}

/** Throws `UsageError` (`server-closed`) where the server was told to end. */
export function checkOpen(core: { readonly isOpen: () => boolean }): void {
  if (!core.isOpen()) throw new UsageError("server-closed", "the server was closed: make another");
}

/** Where clients find what listens there; `inUrl` is its path, as `mountPath` has it for a URL. */
export function createListening(hostname: string, port: number, inUrl: string): Listening {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return { url: `ws://${host}:${port}${inUrl}`, hostname, port };
}
