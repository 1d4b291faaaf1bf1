import { type ConnectInMemory, createInMemoryConnector } from "@sente-lite/engine/testing";

export type {
  ConnectInMemory,
  InMemory,
  InMemoryClientOptions,
  InMemoryClock,
  InMemoryOptions,
} from "@sente-lite/engine/testing";

/**
 * Connects clients to a server in memory, in virtual time: for tests of one's own handlers. No port is opened, nothing
 * waits for real, and no test depends on the speed of the machine. Fake timers of a test's own change nothing of it.
 * `request.raw` has what an `http.IncomingMessage` says of method, address and headers.
 */
export const connectInMemory: ConnectInMemory = createInMemoryConnector(({ url, headers, remoteAddress }) => {
  const pairs = [...(headers as Headers)];
  const { pathname, search } = new URL(url.href);
  return {
    method: "GET",
    url: `${pathname}${search}`,
    headers: Object.fromEntries(pairs),
    rawHeaders: pairs.flat(),
    socket: { remoteAddress },
  };
});
