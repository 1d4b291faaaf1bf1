import { afterAll } from "vitest";
import type { Control } from "../../stage/stage.ts";
import type { RunningServer, ServerStart } from "../../targets/target.ts";

/** A server of that runtime. Pages of every origin may connect: those of the tests have one of their own. */
export function startPairServer(control: Control, server: string, start: ServerStart = {}): Promise<RunningServer> {
  return control.start(server, { ...start, options: { allowedOrigins: "*", ...start.options } });
}

/** Servers for all pairs of one client: each holds every codec, and to start a process takes longer than most tests. */
export interface SharedServers {
  /** The server of that runtime with these options, which runs to the end of the file. */
  readonly start: (server: string, start: ServerStart) => Promise<RunningServer>;
}

/** To be called where `control` was made, which has to outlive them. */
export function shareServers(control: () => Control): SharedServers {
  const servers = new Map<string, Promise<RunningServer>>();
  afterAll(async () => {
    await Promise.all([...servers.values()].map(async (server) => (await server).stop()));
  });
  return {
    start: (server, start) => {
      const key = JSON.stringify([server, start]);
      const running = servers.get(key) ?? startPairServer(control(), server, start);
      servers.set(key, running);
      return running;
    },
  };
}
