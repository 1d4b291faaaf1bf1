import type { ClientOptions } from "@sente-lite/protocol";
import { describe, expect, onTestFinished } from "vitest";
import type { FixtureLine } from "../../raw/fixture-process.ts";
import type { RunningServer } from "../../targets/target.ts";
import { isOpen, until, withId } from "../client/section.ts";
import { type Joined, joinOpen, type PairSection, pairServer, shareServer } from "./section.ts";

/** Notices a dead peer within 400 ms. */
const quick = { pingIntervalMs: 150, pingTimeoutMs: 250 };
/** Longer than any test. */
const never = { pingIntervalMs: 3_600_000 };

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

/** What a network does to connections, and what a process does that is stopped: over a TCP proxy, between processes. */
export function networkTests(section: PairSection): void {
  const { test, control } = section;

  /** A client behind a proxy of its own. `uid` is whom the test is about, and no other test. */
  const proxyClient = async (server: RunningServer, uid: string, options: ClientOptions = {}) => {
    const proxy = await control().proxy(server.port);
    onTestFinished(() => proxy.close());
    const behind: RunningServer = { ...server, url: server.url.replace(String(server.port), String(proxy.port)) };
    const peer = await joinOpen(section, behind, `uid=${uid}`, options);
    return { ...peer, proxy, uid };
  };
  type Proxied = Awaited<ReturnType<typeof proxyClient>>;

  /** Sends the numbers `from` to `to`, and waits until the last of them was pushed back. */
  const exchange = async ({ client, messages }: Joined, from: number, to: number) => {
    for (let n = from; n < to; n++) client.sendFn(["test/push-me", n]);
    await messages.next(({ id, data }) => id === "test/pushed" && data === to - 1, 15_000);
  };
  /** In both directions each of the first `count` numbers came, once, in order; and the client was told of no fault. */
  const expectAll = async (server: RunningServer, { client, messages, errors, uid }: Proxied, count: number) => {
    const isOfIt = ({ event, uid: of }: FixtureLine) => of === uid && event?.[0] === "test/push-me";
    // What it prints may come after what it pushes.
    await server.next((line) => isOfIt(line) && line.event?.[1] === count - 1);
    const got = server.events().filter(isOfIt);
    expect(got.map(({ event }) => event?.[1])).toEqual(numbers(count));
    expect(messages.all.filter(withId("test/pushed")).map(({ data }) => data)).toEqual(numbers(count));
    expect(errors.all).toEqual([]);
    expect(client.state.get()).toMatchObject({ resumed: true, sessionLost: false });
  };

  describe("§6 over a network that fails", () => {
    const server = pairServer(section);

    test("connections that are reset, in the middle of frames too, lose, double and reorder nothing", async () => {
      const peer = await proxyClient(server(), "cut");
      const { client, proxy } = peer;
      await exchange(peer, 0, 10);
      const replies: Promise<unknown>[] = [];
      const deeds = [
        { type: "cut" },
        { type: "cut-after", to: "server", bytes: 40 },
        { type: "cut-after", to: "client", bytes: 45 },
        { type: "cut-after", to: "server", bytes: 500 },
        { type: "cut-after", to: "client", bytes: 200 },
        { type: "cut" },
      ] as const;
      for (const [round, deed] of deeds.entries()) {
        const opened = nextOpening(client);
        const from = 10 + round * 40;
        if (deed.type !== "cut") await proxy.do(deed);
        const done = exchange(peer, from, from + 40);
        replies.push(client.requestFn(["test/echo", round], { timeoutMs: 15_000 }));
        if (deed.type === "cut") await proxy.do(deed);
        await Promise.all([done, opened]);
      }
      expect(await Promise.all(replies)).toEqual(deeds.map((_, round) => round));
      await expectAll(server(), peer, 10 + deeds.length * 40);
    });

    test("over a slow network too, whose delay changes", async () => {
      const peer = await proxyClient(server(), "slow-network");
      const { client, proxy } = peer;
      await exchange(peer, 0, 5);
      for (const [round, ms] of [30, 5, 50].entries()) {
        await proxy.do({ type: "delay", ms });
        const opened = nextOpening(client);
        const asked = Date.now();
        const reply = client.requestFn(["test/echo", round], { timeoutMs: 15_000 });
        expect(await reply).toBe(round);
        expect(Date.now() - asked).toBeGreaterThanOrEqual(2 * ms - 4);
        const done = exchange(peer, 5 + round * 20, 25 + round * 20);
        // What is on its way is lost.
        await proxy.do({ type: "cut" });
        await Promise.all([done, opened]);
      }
      await expectAll(server(), peer, 65);
    });

    test("a reader that hangs is given up when too much waits for it, and disturbs nobody else", async () => {
      const slow = await proxyClient(server(), "hangs", never);
      const other = await joinOpen(section, server(), "uid=other");
      await slow.proxy.do({ type: "stall" });
      const isLost = server().next(({ error }) => typeof error === "object" && error.code === "session-lost");
      let isOver = false;
      const over = isLost.finally(() => {
        isOver = true;
      });
      let longest = 0;
      while (!isOver) {
        const asked = performance.now();
        await other.client.requestFn(["test/flood", { uid: "hangs", bytes: 500_000 }]);
        longest = Math.max(longest, performance.now() - asked);
      }
      await over;
      expect(longest).toBeLessThan(1_000);
      await slow.proxy.do({ type: "flow" });
      await until(slow.client.state, (state) => state.open && state.sessionLost);
      expect(slow.messages.all.filter(withId("test/flood")).length).toBeGreaterThan(0);
      await exchange(slow, 0, 3);
    });

    test("one that only pauses gets all that was sent meanwhile", async () => {
      const slow = await proxyClient(server(), "pauses");
      const other = await joinOpen(section, server(), "uid=other");
      await slow.proxy.do({ type: "stall" });
      for (const n of numbers(50)) await other.client.requestFn(["test/to", { uid: "pauses", x: n }]);
      await slow.proxy.do({ type: "flow" });
      await slow.messages.next(({ id, data }) => id === "test/direct" && data === 49);
      expect(slow.messages.all.filter(withId("test/direct")).map(({ data }) => data)).toEqual(numbers(50));
      expect(slow.states.filter(({ open, everOpened }) => everOpened && !open)).toEqual([]);
    });
  });

  describe("§7 peers that vanish without a word", () => {
    const server = pairServer(section, { options: { ...quick, presenceGraceMs: 1 } });

    test("the client notices, and its session goes on over another connection", async () => {
      const peer = await proxyClient(server(), "black-hole", quick);
      await exchange(peer, 0, 5);
      await peer.proxy.do({ type: "black-hole" });
      for (let n = 5; n < 10; n++) peer.client.sendFn(["test/push-me", n]);
      const { lastWsClose } = await until(peer.client.state, (state) => !state.open);
      expect(lastWsClose?.code).toBe(4408);
      await exchange(peer, 10, 15);
      await expectAll(server(), peer, 15);
    });

    test("the server notices by itself, and keeps the session", async () => {
      const peer = await proxyClient(server(), "gone", never);
      await exchange(peer, 0, 3);
      await peer.proxy.do({ type: "black-hole" });
      await server().next(({ event, uid }) => uid === "gone" && event?.[0] === "chsk/uidport-close");
      expect(peer.client.state.get().open).toBe(true);
      peer.client.chsk.reconnect();
      await exchange(peer, 3, 6);
      await expectAll(server(), peer, 6);
    });

    test("a server process that is stopped is noticed, and goes on with the session when it runs again", async () => {
      const peer = await proxyClient(server(), "stopped", quick);
      await exchange(peer, 0, 3);
      onTestFinished(() => server().signal("SIGCONT"));
      await server().signal("SIGSTOP");
      for (let n = 3; n < 6; n++) peer.client.sendFn(["test/push-me", n]);
      const { lastWsClose } = await until(peer.client.state, (state) => !state.open);
      expect(lastWsClose?.code).toBe(4408);
      await server().signal("SIGCONT");
      await exchange(peer, 6, 9);
      await expectAll(server(), peer, 9);
    });
  });

  describe("§8 the end of a client", () => {
    const server = shareServer(section);

    test("a login that is withdrawn while it is connected: 4401, and it stays closed", async () => {
      const peer = await proxyClient(server(), "withdrawn");
      peer.client.sendFn(["test/close", 4401]);
      const state = await until(peer.client.state, ({ status }) => status === "terminal");
      expect(state).toMatchObject({ lastClose: { reason: "terminal-code" }, udtNextReconnect: null });
      peer.client.chsk.reconnect();
      expect((await until(peer.client.state, isOpen)).resumed).toBe(false);
    });

    test("a login that expires, found out at a reconnect: 4401, and no further attempt", async () => {
      let isLoggedIn = true;
      let attempts = 0;
      const params = () => {
        attempts++;
        return isLoggedIn ? {} : { unauthorized: "1" };
      };
      const peer = await proxyClient(server(), "expires", { params });
      await exchange(peer, 0, 3);
      isLoggedIn = false;
      await peer.proxy.do({ type: "cut" });
      const state = await until(peer.client.state, ({ status }) => status === "terminal");
      expect(state).toMatchObject({ lastWsClose: { code: 4401 }, udtNextReconnect: null });
      expect(peer.client.sendFn(["test/push-me", "in vain"])).toBe(false);
      isLoggedIn = true;
      peer.client.chsk.reconnect();
      await until(peer.client.state, isOpen);
      expect(attempts).toBe(3);
    });

    test("after maxAttempts in a row it gives up, and says so as chsk/state", async () => {
      const peer = await proxyClient(server(), "gives-up", { maxAttempts: 2 });
      await peer.proxy.close();
      const state = await until(peer.client.state, ({ status }) => status === "terminal");
      expect(state.lastClose?.reason).toBe("max-attempts");
      const { data } = await peer.messages.next(
        ({ id, data }) => id === "chsk/state" && (data as [unknown, { status: string }])[1].status === "terminal",
      );
      expect(data).toEqual([peer.states.at(-2), state]);
    });
  });
}

/** Resolves when the client opens, after it was closed. */
function nextOpening({ state }: Joined["client"]): Promise<void> {
  return new Promise((resolve) => {
    const stop = state.subscribe((next, previous) => {
      if (!next.open || previous.open) return;
      stop();
      resolve();
    });
  });
}
