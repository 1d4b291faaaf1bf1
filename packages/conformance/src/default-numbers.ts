import { TcpProxy } from "./stage/tcp-proxy.ts";
import { type FixtureCommand, fixtureProcess, startServer } from "./targets/fixtures.ts";

/** Longer than anything here may take. */
const PATIENCE_MS = 60_000;

export interface Noticed {
  readonly runtime: string;
  /** Milliseconds until the client gave its server up, and the server its client. */
  readonly client: number;
  readonly server: number;
}

/**
 * A client and a server of one runtime, each in its process and with the default numbers of section 9, over a connection
 * that a proxy swallows: how long it takes both to notice.
 */
export async function measureNotice(fixture: FixtureCommand): Promise<Noticed> {
  const { runtime } = fixture;
  // The grace would hide the moment.
  const server = await startServer(fixture, { options: { presenceGraceMs: 1 } });
  const proxy = new TcpProxy(server.port);
  const port = await proxy.listen();
  const client = fixtureProcess("client", fixture, ["--url", `ws://127.0.0.1:${port}/chsk?uid=ann`]);
  try {
    await client.lines.next(({ state }) => state?.open === true, PATIENCE_MS);
    const begun = performance.now();
    proxy.do({ type: "black-hole" });
    // Nor may the client come back, which would tell the server.
    proxy.do({ type: "refuse" });
    const timeUntil = (noticed: Promise<unknown>) => noticed.then(() => performance.now() - begun);
    const [byClient, byServer] = await Promise.all([
      timeUntil(client.lines.next(({ state }) => state?.open === false && state.everOpened === true, PATIENCE_MS)),
      timeUntil(server.next(({ event }) => event?.[0] === "chsk/uidport-close", PATIENCE_MS)),
    ]);
    return { runtime, client: byClient, server: byServer };
  } finally {
    await Promise.all([client.kill(), server.kill(), proxy.close()]);
  }
}
