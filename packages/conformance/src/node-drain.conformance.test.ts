import { type ChannelSocketClient, makeChannelSocketClient } from "@sente-lite/node";
import { describe, expect, it, onTestFinished } from "vitest";
import { Balancer } from "./stage/balancer.ts";
import { bunServer } from "./targets/bun-server.ts";
import { denoServer } from "./targets/deno-server.ts";
import { nodeServer } from "./targets/node-server.ts";
import type { RunningServer } from "./targets/target.ts";

const CLIENTS = 12;

/** Sends numbered events and requests until it is told to stop; resolves to how many, once all requests are settled. */
async function busy(client: ChannelSocketClient, isOver: () => boolean): Promise<{ sent: number; failed: string[] }> {
  const failed: string[] = [];
  let sent = 0;
  while (!isOver()) {
    for (let burst = 0; burst < 5; burst++) client.sendFn(["test/count", sent++]);
    const asked = sent;
    // The server takes its time, which paces this loop, and is at work when it is told to end.
    await client.requestFn(["test/slow", 5], { timeoutMs: 15_000 }).then(
      (reply) => reply === "slow" || failed.push(`${asked} was answered ${String(reply)}`),
      (error: { readonly code: string }) => failed.push(`${asked}: ${error.code}`),
    );
  }
  return { sent, failed };
}

describe.each([nodeServer, bunServer, denoServer])("a rolling restart of two servers on $name (§6.8, §8)", (target) => {
  it("behind a balancer loses no message, doubles none, and answers every request", async () => {
    const balancer = new Balancer();
    onTestFinished(() => balancer.close());
    const port = await balancer.listen();
    const everyone: RunningServer[] = [];
    const start = async () => {
      const server = await target.start({ options: { drainMs: 600 } });
      everyone.push(server);
      onTestFinished(() => server.kill());
      return server;
    };
    let [one, two] = await Promise.all([start(), start()]);
    balancer.use([one.port, two.port]);

    let isOver = false;
    const reports: string[] = [];
    const clients = Array.from({ length: CLIENTS }, (_, n) => {
      const client = makeChannelSocketClient(`ws://127.0.0.1:${port}/chsk?uid=user-${n}`, { reconnectBaseMs: 50 });
      client.errorChan.on(({ error }) => reports.push(error.message));
      onTestFinished(() => client.close());
      return client;
    });
    await Promise.all(clients.map((client) => client.ready()));
    const working = clients.map((client) => busy(client, () => isOver));

    for (const round of [0, 1]) {
      const old = round === 0 ? one : two;
      const fresh = await start();
      balancer.use(round === 0 ? [two.port, fresh.port] : [one.port, fresh.port]);
      expect(await old.stop()).toBe(0);
      if (round === 0) one = fresh;
      else two = fresh;
    }
    isOver = true;
    const outcomes = await Promise.all(working);
    expect(outcomes.flatMap(({ failed }) => failed)).toEqual([]);
    expect(reports).toEqual([]);

    // What was sent before the last request was taken over before its reply.
    const got = everyone.flatMap((server) => server.events());
    const numbers = (n: number) =>
      got
        .filter(({ event, uid }) => uid === `user-${n}` && event?.[0] === "test/count")
        .map(({ event }) => Number(event?.[1]));
    outcomes.forEach(({ sent }, n) => {
      expect(sent).toBeGreaterThan(5);
      expect(numbers(n).sort((a, b) => a - b)).toEqual(Array.from({ length: sent }, (_, i) => i));
    });
    const restarted = clients.filter(
      (client) => client.state.get().sessionLost || client.state.get().reconnectCount > 0,
    );
    expect(restarted.length).toBeGreaterThan(0);
  });
});
