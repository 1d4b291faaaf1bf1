import { type ChannelSocketClient, makeChannelSocketClient, SessionLostError } from "@sente-lite/node";
import { describe, expect, it, onTestFinished } from "vitest";
import { Balancer } from "./stage/balancer.ts";
import { until } from "./suites/client/section.ts";
import { servers } from "./targets/servers.ts";
import type { RunningServer } from "./targets/target.ts";

const CLIENTS = 12;

/** Asks without a pause: an answer leads to the next request in the same turn. Resolves to what failed. */
async function asking(client: ChannelSocketClient, isOver: () => boolean): Promise<readonly string[]> {
  const failed: string[] = [];
  while (!isOver()) {
    const [sent, reply] = await client.requestFn(["test/echo", failed.length], { timeoutMs: 15_000 }).then(
      (echoed) => [failed.length, echoed],
      (error: { readonly code: string }) => [0, error.code],
    );
    if (reply !== sent) failed.push(`an echo: ${String(reply)}`);
  }
  return failed;
}

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

describe.each(servers)("the readiness probe of a server on $name (§6.9)", (target) => {
  it("is answered with 200, and with 503 while it drains", async () => {
    const server = await target.start({ options: { drainMs: 10_000 } });
    onTestFinished(() => server.kill());
    const probe = async () => (await fetch(`http://127.0.0.1:${server.port}/ready`)).status;
    const client = makeChannelSocketClient(server.url, { maxAttempts: 1 });
    onTestFinished(() => client.close());
    await client.ready();
    expect(await probe()).toBe(200);
    // At work, so that it cannot end yet.
    const slow = client.requestFn(["test/slow", 1_500]);
    await server.next(({ event }) => event?.[0] === "test/slow");
    const stopped = server.stop();
    let status = 200;
    while (status === 200) status = await probe();
    expect(status).toBe(503);
    expect(await slow).toBe("slow");
    expect(await stopped).toBe(0);
    // The process may be gone before its last frame was read here.
    const { lastWsClose } = await until(client.state, (state) => !state.open);
    expect(lastWsClose?.code).toBe(4503);
  });
});

describe.each(servers)("a rolling restart of two servers on $name (§6.9, §8)", (target) => {
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
    /** By client: what may have arrived or not, as the client was told. */
    const inDoubt = Array.from({ length: CLIENTS }, () => new Set<unknown>());
    const clients = Array.from({ length: CLIENTS }, (_, n) => {
      const client = makeChannelSocketClient(`ws://127.0.0.1:${port}/chsk?uid=user-${n}`, { reconnectBaseMs: 50 });
      client.errorChan.on(({ error }) => {
        reports.push(error.message);
        if (error instanceof SessionLostError) for (const [, data] of error.undelivered) inDoubt[n]?.add(data);
      });
      onTestFinished(() => client.close());
      return client;
    });
    await Promise.all(clients.map((client) => client.ready()));
    const working = clients.map((client) => busy(client, () => isOver));
    // Never between two requests: the server has to stop listening to them.
    const steady = clients.flatMap((client) => [1, 2, 3].map(() => asking(client, () => isOver)));

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
    // Where a reset may swallow the close, a client cannot know all: it is told so, and nothing is lost in silence.
    const mayDoubt = target.capabilities.resetsUnread;
    expect(mayDoubt ? [] : reports).toEqual([]);
    const failures = [...outcomes.flatMap(({ failed }) => failed), ...(await Promise.all(steady)).flat()];
    expect(failures.filter((failure) => !(mayDoubt && failure.endsWith(": closed")))).toEqual([]);

    // What was sent before the last request was taken over before its reply.
    const got = everyone.flatMap((server) => server.events());
    const numbers = (n: number) =>
      got
        .filter(({ event, uid }) => uid === `user-${n}` && event?.[0] === "test/count")
        .map(({ event }) => Number(event?.[1]));
    outcomes.forEach(({ sent }, n) => {
      expect(sent).toBeGreaterThan(5);
      const arrived = numbers(n).sort((a, b) => a - b);
      expect(new Set(arrived).size).toBe(arrived.length);
      const missing = Array.from({ length: sent }, (_, i) => i).filter((i) => !arrived.includes(i));
      expect(missing.filter((i) => !inDoubt[n]?.has(i))).toEqual([]);
    });
    const restarted = clients.filter(
      (client) => client.state.get().sessionLost || client.state.get().reconnectCount > 0,
    );
    expect(restarted.length).toBeGreaterThan(0);
  });
});
