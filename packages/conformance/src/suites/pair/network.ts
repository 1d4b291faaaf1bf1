import { describe, expect, onTestFinished } from "vitest";
import type { RunningServer, ServerStart } from "../../targets/target.ts";
import { isOpen, until, withId } from "../client/section.ts";
import { type Joined, joined, type PairSection, startPairServer } from "./section.ts";

const quick = { pingIntervalMs: 80, pingTimeoutMs: 120 };

/** What a network does to connections, and what a stopped process does: over a real TCP proxy, to real processes. */
export function networkTests(section: PairSection): void {
  const { target, test, control } = section;

  /** A server of its own behind a proxy; the address is the proxy's. */
  const proxied = async (start: ServerStart = {}) => {
    const server = await startPairServer(control(), target, start);
    onTestFinished(() => server.kill());
    const proxy = await control().proxy(server.port);
    onTestFinished(() => proxy.close());
    const behind: RunningServer = { ...server, url: server.url.replace(String(server.port), String(proxy.port)) };
    return { server, proxy, behind };
  };

  /** Sends numbers and has them pushed back; resolves when all that was sent was answered, as often as it was sent. */
  const exchange = async ({ client, messages }: Joined, from: number, to: number) => {
    for (let n = from; n < to; n++) client.sendFn(["test/push-me", n]);
    await messages.next(({ id, data }) => id === "test/pushed" && data === to - 1, 15_000);
  };
  const pushed = ({ messages }: Joined) => messages.all.filter(withId("test/pushed")).map(({ data }) => data);
  /** The numbers that the server's application got; what it prints comes apart from what it pushes. */
  const counted = async (server: RunningServer, last: number) => {
    await server.next(({ event }) => event?.[0] === "test/push-me" && event[1] === last);
    return server.events().flatMap(({ event }) => (event?.[0] === "test/push-me" ? [event[1]] : []));
  };
  const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

  describe("§6 over a network that fails", () => {
    test("connections that are reset, five times and in the middle of frames, lose, double and reorder nothing", async () => {
      const { server, proxy, behind } = await proxied();
      const peer = await joined(section, behind, "uid=net");
      await exchange(peer, 0, 20);
      for (let round = 1; round <= 5; round++) {
        if (round % 2 === 1) proxy.do({ type: "cut-after", to: "server", bytes: 40 * round });
        const done = exchange(peer, round * 20, round * 20 + 20);
        if (round % 2 === 0) proxy.do({ type: "cut" });
        await done;
      }
      expect(await peer.client.requestFn(["test/echo", "still"])).toBe("still");
      expect(pushed(peer)).toEqual(numbers(120));
      expect(await counted(server, 119)).toEqual(numbers(120));
      expect(peer.errors.all).toEqual([]);
      expect(peer.client.state.get()).toMatchObject({ resumed: true, sessionLost: false });
    });

    test("a slow network delays, and a request over it is answered, cut or not", async () => {
      const { proxy, behind } = await proxied();
      const peer = await joined(section, behind, "uid=net");
      proxy.do({ type: "delay", ms: 40 });
      // By the time of this reply the proxy delays.
      await peer.client.requestFn(["test/echo", 0]);
      const begun = Date.now();
      expect(await peer.client.requestFn(["test/echo", 1])).toBe(1);
      expect(Date.now() - begun).toBeGreaterThanOrEqual(75);
      const second = peer.client.requestFn(["test/slow", 30]);
      proxy.do({ type: "cut" });
      expect(await second).toBe("slow");
    });

    test("a connection that is swallowed is given up by both sides, and its session goes on over another", async () => {
      const { server, proxy, behind } = await proxied({ options: quick });
      const peer = await joined(section, behind, "uid=net", quick);
      await exchange(peer, 0, 5);
      proxy.do({ type: "black-hole" });
      for (let n = 5; n < 10; n++) peer.client.sendFn(["test/push-me", n]);
      const { lastWsClose } = await until(peer.client.state, (state) => !state.open);
      expect(lastWsClose?.code).toBe(4408);
      await exchange(peer, 10, 15);
      expect(pushed(peer)).toEqual(numbers(15));
      expect(await counted(server, 14)).toEqual(numbers(15));
    });

    test("a server notices by itself that a client is gone without a word", async () => {
      const { server, proxy, behind } = await proxied({ options: { ...quick, presenceGraceMs: 1 } });
      // The client's own pings would take hours: only the server can notice.
      const peer = await joined(section, behind, "uid=net", { pingIntervalMs: 3_600_000 });
      proxy.do({ type: "black-hole" });
      await server.next(({ event, uid }) => uid === "net" && event?.[0] === "chsk/uidport-close");
      expect(peer.client.state.get().open).toBe(true);
      peer.client.chsk.reconnect();
      await exchange(peer, 0, 3);
      expect(peer.client.state.get().resumed).toBe(true);
    });

    test("a client that reads nothing for a while disturbs nobody, and misses nothing", async () => {
      const { proxy, behind, server } = await proxied();
      const slow = await joined(section, behind, "uid=slow");
      const other = await joined(section, server, "uid=other");
      proxy.do({ type: "stall" });
      for (let n = 0; n < 50; n++) await other.client.requestFn(["test/to", { uid: "slow", x: n }]);
      proxy.do({ type: "flow" });
      await slow.messages.next(({ id, data }) => id === "test/direct" && data === 49);
      expect(slow.messages.all.filter(withId("test/direct")).map(({ data }) => data)).toEqual(numbers(50));
    });

    test("a server process that is stopped is noticed, and goes on with the session when it runs again", async () => {
      const { server, behind } = await proxied({ options: { pingIntervalMs: 5_000 } });
      const peer = await joined(section, behind, "uid=net", quick);
      await exchange(peer, 0, 3);
      await server.signal("SIGSTOP");
      for (let n = 3; n < 6; n++) peer.client.sendFn(["test/push-me", n]);
      const { lastWsClose } = await until(peer.client.state, (state) => !state.open);
      expect(lastWsClose?.code).toBe(4408);
      await server.signal("SIGCONT");
      await exchange(peer, 6, 9);
      expect(pushed(peer)).toEqual(numbers(9));
      expect(await counted(server, 8)).toEqual(numbers(9));
      expect(peer.client.state.get().sessionLost).toBe(false);
    });

    test("a login that is withdrawn ends the client with 4401, and it stays closed", async () => {
      const { behind } = await proxied();
      const peer = await joined(section, behind, "uid=net");
      peer.client.sendFn(["test/close", 4401]);
      const state = await until(peer.client.state, ({ status }) => status === "terminal");
      expect(state).toMatchObject({ lastClose: { reason: "terminal-code" }, udtNextReconnect: null });
      peer.client.chsk.reconnect();
      expect((await until(peer.client.state, isOpen)).resumed).toBe(false);
    });

    test("after maxAttempts in a row it gives up, and says so as chsk/state", async () => {
      const { server, behind } = await proxied();
      const peer = await joined(section, behind, "uid=net", { maxAttempts: 2 });
      await server.kill();
      const state = await until(peer.client.state, ({ status }) => status === "terminal");
      expect(state.lastClose?.reason).toBe("max-attempts");
      await peer.messages.next(
        ({ id, data }) => id === "chsk/state" && (data as [unknown, { status: string }])[1].status === "terminal",
      );
    });
  });
}
