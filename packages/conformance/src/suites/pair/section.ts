import type { ChannelSocketClient, ClientOptions } from "@sente-lite/protocol";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import type { Control } from "../../stage/stage.ts";
import type { TestFn } from "../../targets/known-failures.ts";
import type { ClientTarget, CodecName, KnownFailures, RunningServer, ServerStart } from "../../targets/target.ts";
import { isOpen, observed, type Played, until } from "../client/section.ts";

/** Two implementations that have to understand each other, and the codec that they speak. */
export interface PairTarget {
  readonly client: ClientTarget;
  /** The runtime whose fixture is the server. */
  readonly server: string;
  readonly codec: CodecName;
  /** Whether to try faults too; they are the same in every codec, and take their time. */
  readonly faults: boolean;
  readonly knownFailures: KnownFailures;
}

export interface PairSection {
  readonly target: PairTarget;
  readonly test: TestFn;
  readonly control: () => Control;
}

export type Joined = Omit<Played, "stage">;

/** A server for the tests of one `describe`. Pages of every origin may connect: those of the tests have one of their own. */
export function pairServer({ target, control }: PairSection, start: ServerStart = {}): () => RunningServer {
  let server: RunningServer | undefined;
  beforeAll(async () => {
    server = await startPairServer(control(), target, start);
  }, 30_000);
  afterAll(async () => {
    await server?.stop();
  });
  return () => {
    if (server === undefined) throw new Error("the server did not start");
    return server;
  };
}

export function startPairServer(
  control: Control,
  { server }: PairTarget,
  start: ServerStart = {},
): Promise<RunningServer> {
  return control.start(server, { ...start, options: { allowedOrigins: "*", ...start.options } });
}

/** A client of that server; it ends with the test. `query` is for the fixture: `uid=ann`. */
export function joining(section: PairSection, server: RunningServer, query = "", options: ClientOptions = {}): Joined {
  const { client: maker, codec } = section.target;
  const client: ChannelSocketClient = maker.makeClient(query === "" ? server.url : `${server.url}?${query}`, {
    codec: maker.codecs[codec],
    reconnectBaseMs: 10,
    reconnectCapMs: 100,
    ...options,
  });
  onTestFinished(() => client.close());
  return { client, ...observed(client) };
}

/** A client that is open. */
export async function joined(
  section: PairSection,
  server: RunningServer,
  query = "",
  options: ClientOptions = {},
): Promise<Joined> {
  const joined = joining(section, server, query, options);
  await until(joined.client.state, isOpen);
  return joined;
}
