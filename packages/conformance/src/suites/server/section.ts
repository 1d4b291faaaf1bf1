import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import { codecNames } from "../../codecs.ts";
import type { FixtureLine } from "../../raw/fixture-process.ts";
import { connectRaw, type RawPeer, type RawRequest } from "../../raw/raw-peer.ts";
import type { TestFn } from "../../targets/known-failures.ts";
import type { RunningServer, ServerStart, ServerTarget } from "../../targets/target.ts";

/** What each section of the server suite is given. */
export interface ServerSection {
  readonly target: ServerTarget;
  readonly test: TestFn;
  /** The server with these options that the sections of the suite have in common; it runs to the end of the suite. */
  readonly shared: (start: ServerStart) => Promise<RunningServer>;
}

/** To be called in the `describe` of a suite: servers for all its sections, each of which has to end cleanly. */
export function shareServers(target: ServerTarget): ServerSection["shared"] {
  const servers = new Map<string, Promise<RunningServer>>();
  afterAll(async () => {
    const codes = [...servers.values()].map(async (server) => (await server).stop());
    expect(await Promise.all(codes), "the exit codes after SIGTERM").toEqual(codes.map(() => 0));
  });
  return (start) => {
    const key = JSON.stringify(start);
    const running = servers.get(key) ?? target.start(start);
    servers.set(key, running);
    return running;
  };
}

/** A server for the tests of one `describe`; it has to end cleanly afterwards. */
export function serverFor({ target }: Pick<ServerSection, "target">, start: ServerStart): () => RunningServer {
  let server: RunningServer | undefined;
  afterAll(async () => {
    expect(await server?.stop(), "the exit code after SIGTERM").toBe(0);
  });
  return whenStarted(async () => {
    server = await target.start(start);
    return server;
  });
}

/** The same for tests that only talk with it, each under names of its own: other sections use it as well. */
export function sharedServer({ shared }: ServerSection, start: ServerStart = everyCodec): () => RunningServer {
  return whenStarted(() => shared(start));
}

function whenStarted(start: () => Promise<RunningServer>): () => RunningServer {
  let server: RunningServer | undefined;
  beforeAll(async () => {
    server = await start();
  }, 30_000);
  return () => {
    if (server === undefined) throw new Error("the server did not start");
    return server;
  };
}

let ids = 0;

/** A name that no other test uses. */
export function fresh(prefix: string): string {
  return `${prefix}-${++ids}`;
}

/** A peer of that server, cut when the test ends. Query: `client-id=a`, or "" for a bare peer. */
export async function connectPeer(server: RunningServer, query: string, request?: RawRequest): Promise<RawPeer> {
  const peer = await connectRaw(query === "" ? server.url : `${server.url}?${query}`, request);
  onTestFinished(() => peer.terminate());
  return peer;
}

/** A peer that has taken its handshake. */
export async function greetPeer(server: RunningServer, query: string, request?: RawRequest): Promise<RawPeer> {
  const peer = await connectPeer(server, query, request);
  await peer.text();
  return peer;
}

/** Sends to, and hears from, a fresh peer: proves that the server still serves. */
export async function expectAlive(server: RunningServer): Promise<void> {
  const peer = await greetPeer(server, `client-id=${fresh("alive")}&codec=edn`);
  expect(await peer.ask('[[:test/echo :alive] "a1"]')).toBe('[:alive "a1"]');
}

/** A line about an event with that id, from that client. */
export function lineOf(id: string, clientId: string): (line: FixtureLine) => boolean {
  return (line) => line.event?.[0] === id && line.clientId === clientId;
}

/** Every codec's server options: edn first, all of them there. */
export const everyCodec: ServerStart = { codecs: ["edn", ...codecNames.filter((name) => name !== "edn")] };
