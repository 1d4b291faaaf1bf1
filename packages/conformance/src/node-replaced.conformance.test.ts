import { type ChannelSocketClient, makeChannelSocketClient } from "@sente-lite/node";
import { describe, expect, it, onTestFinished } from "vitest";
import type { FixtureLine } from "./raw/fixture-process.ts";
import { Balancer } from "./stage/balancer.ts";
import { servers } from "./targets/servers.ts";

const CLIENTS = 8;

interface Outcome {
  readonly sent: number;
  /** What came back, in order. */
  readonly echoed: unknown[];
  /** Codes of requests that were not answered, and of what was reported. */
  readonly failed: string[];
}

/** Sends numbered events, which the server pushes back, and requests that it takes a while for, until it is told to stop. */
async function busy(client: ChannelSocketClient, isOver: () => boolean): Promise<Outcome> {
  const echoed: unknown[] = [];
  const failed: string[] = [];
  const noteFailure = (error: Error & { readonly code?: string }) => void failed.push(error.code ?? error.message);
  client.errorChan.on(({ error }) => noteFailure(error));
  let sent = 0;
  let last: number | undefined;
  const isComplete = new Promise<void>((resolve) => {
    client.chRecv.on("test/echoed", ({ data }) => {
      echoed.push(data);
      if (data === last) resolve();
    });
  });
  while (!isOver()) {
    for (let burst = 0; burst < 5; burst++) client.sendFn(["test/echo", sent++]);
    await client.requestFn(["test/slow", 5], { timeoutMs: 15_000 }).catch(noteFailure);
  }
  // Behind all the others: nothing is left to come after its echo.
  last = sent++;
  client.sendFn(["test/echo", last]);
  await isComplete;
  return { sent, echoed, failed };
}

describe.each(servers)("a server on $name that another replaces, which starts when it has ended (§6.13)", (target) => {
  it("loses nothing, doubles nothing and reorders nothing in either direction, and every session goes on", async () => {
    const balancer = new Balancer();
    onTestFinished(() => balancer.close());
    const port = await balancer.listen();
    const server = await target.start({ options: { backplane: "memory", drainMs: 600 } });
    onTestFinished(() => server.kill());
    balancer.use([server.port]);
    let isOver = false;
    const clients = Array.from({ length: CLIENTS }, (_, n) => {
      const client = makeChannelSocketClient(`ws://127.0.0.1:${port}/chsk?uid=user-${n}`, { reconnectBaseMs: 50 });
      onTestFinished(() => {
        // Or who asks without a pause asks for ever.
        isOver = true;
        client.close();
      });
      return client;
    });
    await Promise.all(clients.map((client) => client.ready()));
    const sessions = clients.map((client) => client.state.get().sessionId);
    const working = clients.map((client) => busy(client, () => isOver));
    clients[0]?.sendFn(["test/replace"]);
    const isNext = ({ listening }: FixtureLine) => listening !== undefined && listening !== server.port;
    const { listening } = await server.next(isNext, 15_000);
    balancer.use([Number(listening)]);
    await Promise.all(clients.map((client) => client.ready()));
    isOver = true;
    for (const { sent, echoed, failed } of await Promise.all(working)) {
      expect([echoed, failed]).toEqual([Array.from({ length: sent }, (_, n) => n), []]);
    }
    expect(clients.map((client) => client.state.get().sessionId)).toEqual(sessions);
    expect(clients.map((client) => client.state.get().sessionLost)).toEqual(sessions.map(() => false));
  });
});
