import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import type { FixtureLine } from "../../raw/fixture-process.ts";
import { connectRaw, type RawPeer, type RawRequest } from "../../raw/raw-peer.ts";
import type { TestFn } from "../../targets/known-failures.ts";
import type { RunningServer, ServerStart, ServerTarget } from "../../targets/target.ts";

/** What each section of the server suite is given. */
export interface ServerSection {
  readonly target: ServerTarget;
  readonly test: TestFn;
}

/** A server for the tests of one `describe`; it has to end cleanly afterwards. */
export function serverFor({ target }: ServerSection, start: ServerStart): () => RunningServer {
  let server: RunningServer | undefined;
  beforeAll(async () => {
    server = await target.start(start);
  }, 30_000);
  afterAll(async () => {
    expect(await server?.stop(), "the exit code after SIGTERM").toBe(0);
  });
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
export async function joined(server: RunningServer, query: string, request?: RawRequest): Promise<RawPeer> {
  const peer = await connectRaw(query === "" ? server.url : `${server.url}?${query}`, request);
  onTestFinished(() => peer.terminate());
  return peer;
}

/** A peer that has taken its handshake. */
export async function greeted(server: RunningServer, query: string, request?: RawRequest): Promise<RawPeer> {
  const peer = await joined(server, query, request);
  await peer.text();
  return peer;
}

/** Sends to, and hears from, a fresh peer: proves that the server still serves. */
export async function expectAlive(server: RunningServer): Promise<void> {
  const peer = await greeted(server, `client-id=${fresh("alive")}&codec=edn`);
  expect(await peer.ask('[[:test/echo :alive] "a1"]')).toBe('[:alive "a1"]');
}

/** A line about an event with that id, from that client. */
export function lineOf(id: string, clientId: string): (line: FixtureLine) => boolean {
  return (line) => line.event?.[0] === id && line.clientId === clientId;
}

/** Every codec's server options: edn first, all of them there. */
export const everyCodec: ServerStart = { codecs: ["edn", "json", "transit-json"] };
