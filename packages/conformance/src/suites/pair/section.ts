import type { ChannelSocketClient, ClientOptions } from "@sente-lite/protocol";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { type AdapterName, adapters, type CodecName, codecs } from "../../codecs.ts";
import type { Control } from "../../stage/stage.ts";
import type { TestFn } from "../../targets/known-failures.ts";
import type { ClientTarget, RunningServer, ServerStart } from "../../targets/target.ts";
import { isOpen, observe, type Played, until } from "../client/section.ts";
import { type SharedServers, startPairServer } from "./servers.ts";

/** Two implementations that have to understand each other, and the codec that they speak. */
export interface PairTarget {
  readonly client: ClientTarget;
  /** The runtime whose fixture is the server. */
  readonly server: string;
  readonly codec: CodecName | AdapterName;
}

export interface PairSection {
  readonly target: PairTarget;
  readonly test: TestFn;
  readonly control: () => Control;
  readonly shared: SharedServers;
}

export type Joined = Omit<Played, "stage">;

/** A server for the tests of one `describe`. */
export function pairServer({ target, control }: PairSection, start: ServerStart = {}): () => RunningServer {
  let server: RunningServer | undefined;
  beforeAll(async () => {
    server = await startPairServer(control(), target.server, start);
  }, 30_000);
  afterAll(async () => {
    await server?.stop();
  });
  return () => {
    if (server === undefined) throw new Error("the server did not start");
    return server;
  };
}

/** The same of a server that other codecs use as well, so that nothing may be done to it but to talk with it. */
export function shareServer({ target, shared }: PairSection, start: ServerStart = {}): () => RunningServer {
  let server: RunningServer | undefined;
  beforeAll(async () => {
    server = await shared.start(target.server, { ...adaptStart(target), ...start });
  }, 30_000);
  return () => {
    if (server === undefined) throw new Error("the server did not start");
    return server;
  };
}

/** The server of the client's own runtime has the adapter too, so that each runtime has it on both sides; the others have not. */
function adaptStart({ client, server, codec }: PairTarget): ServerStart {
  return codec === "transit-js" && client.name === server ? { codec } : {};
}

function makeClient(
  { target: { client, codec } }: PairSection,
  url: string,
  options: ClientOptions = {},
): ChannelSocketClient {
  return client.makeClient(url, {
    codec: { ...codecs, ...adapters }[codec],
    reconnectBaseMs: 10,
    reconnectCapMs: 100,
    ...options,
  });
}

/** A client of that server; it ends with the test. `query` is for the fixture: `uid=ann`. */
export function joinServer(
  section: PairSection,
  server: RunningServer,
  query = "",
  options: ClientOptions = {},
): Joined {
  const client = makeClient(section, query === "" ? server.url : `${server.url}?${query}`, options);
  onTestFinished(() => client.close());
  return { client, ...observe(client) };
}

/** A client that is open, for all tests of one `describe`. */
export function shareClient(section: PairSection, server: () => RunningServer): () => ChannelSocketClient {
  let client: ChannelSocketClient | undefined;
  beforeAll(async () => {
    client = makeClient(section, server().url);
    await until(client.state, isOpen);
  });
  afterAll(() => client?.close());
  return () => {
    if (client === undefined) throw new Error("the client did not open");
    return client;
  };
}

/** A client that is open. */
export async function joinOpen(
  section: PairSection,
  server: RunningServer,
  query = "",
  options: ClientOptions = {},
): Promise<Joined> {
  const joined = joinServer(section, server, query, options);
  await until(joined.client.state, isOpen);
  return joined;
}
