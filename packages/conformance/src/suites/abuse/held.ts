import { readdirSync } from "node:fs";
import { expect, vi } from "vitest";
import type { RawPeer } from "../../raw/raw-peer.ts";
import type { RunningServer } from "../../targets/target.ts";
import { fresh, greetPeer } from "../server/section.ts";

/** What a server holds: connections by its own count, and what its process has open, where the system tells (Linux). */
export interface Held {
  readonly connections: number;
  readonly handles: number;
  readonly residentBytes: number;
}

/** Looks at a server through a connection of its own. */
export async function watchHeld(server: RunningServer) {
  const peer = await greetPeer(server, `client-id=${fresh("watch")}&codec=json`);
  const look = async (): Promise<Held> => ({
    connections: await askFor(peer, "test/held"),
    residentBytes: await askFor(peer, "test/memory"),
    handles: countHandles(server),
  });
  /** Waits until it holds no more than it did. */
  const waitUntilBack = (before: Held, graceBytes: number) =>
    vi.waitFor(
      async () => {
        const now = await look();
        expect(now.connections).toBeLessThanOrEqual(before.connections);
        expect(now.handles).toBeLessThanOrEqual(before.handles);
        expect(now.residentBytes - before.residentBytes).toBeLessThan(graceBytes);
      },
      { timeout: 10_000, interval: 25 },
    );
  return { look, waitUntilBack };
}

/** Proves so many times that it serves who comes anew, who leaves again: what it holds is then what it was. */
export async function serveOthers(server: RunningServer, times = 5): Promise<void> {
  for (let i = 0; i < times; i++) {
    const peer = await greetPeer(server, `client-id=${fresh("other")}&codec=json`);
    peer.send('[["test/echo","other"],"o"]');
    await peer.textWhere((seen) => seen === '["other","o"]');
    await peer.close();
  }
}

/** The first number of the answer to an event. */
async function askFor(peer: RawPeer, id: string): Promise<number> {
  const cbId = fresh("held");
  peer.send(JSON.stringify([[id], cbId]));
  const text = await peer.textWhere((seen) => seen.endsWith(`"${cbId}"]`));
  return Number(/\d+/.exec(text)?.[0]);
}

function countHandles(server: RunningServer): number {
  const pid = server.events().find((line) => line.pid !== undefined)?.pid;
  return process.platform === "linux" ? readdirSync(`/proc/${pid}/fd`).length : 0;
}
