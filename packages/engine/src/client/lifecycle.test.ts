import { json } from "@sente-lite/protocol/json";
import { VirtualClock } from "@sente-lite/protocol/testing";
import { describe, expect, it } from "vitest";
import type { Host } from "../host.ts";
import type { OpenSocket, SocketHandlers } from "../sockets.ts";
import { testHost } from "../testing/setting.test-support.ts";
import { createClient } from "./client.ts";
import type { Lifecycle } from "./lifecycle.ts";

interface Opened {
  readonly protocols: readonly string[];
  readonly handlers: SocketHandlers;
  readonly sent: unknown[];
  isCut: boolean;
}

/** A client in a page that this test plays, in virtual time. */
function inPage() {
  const clock = new VirtualClock(1_700_000_000_000);
  const host: Host = {
    ...testHost(),
    now: () => clock.now,
    monotonic: () => clock.now,
    setTimer: (ms, fn) => clock.after(ms, fn),
    clearTimer: (timer) => (timer as (() => void) | undefined)?.(),
  };
  const sockets: Opened[] = [];
  const openSocket: OpenSocket = (_url, protocols, handlers) => {
    const opened: Opened = { protocols, handlers, sent: [], isCut: false };
    sockets.push(opened);
    const cut = () => {
      opened.isCut = true;
    };
    return { send: (data) => opened.sent.push(data), close: cut, terminate: cut, bufferedAmount: 0 };
  };
  let page: Lifecycle | undefined;
  const watchLifecycle = (lifecycle: Lifecycle) => {
    page = lifecycle;
    return () => {
      page = undefined;
    };
  };
  const client = createClient({ host, openSocket, codecs: [json], watchLifecycle }, "ws://page/chsk");
  const pass = (ms: number) => {
    const until = clock.now + ms;
    while (clock.step(until));
    clock.advance(until - clock.now);
  };
  const greet = (resumed: boolean) =>
    sockets
      .at(-1)
      ?.handlers.message(
        `[["chsk/handshake",["u",null,null,{"session":"s1","resumed?":${resumed},"received":0,"max-frame":1000,"ack":{"frames":64,"bytes":65536}}]],null]`,
      );
  return { client, sockets, pass, greet, page: () => page };
}

describe("a client in a page (§6.8, §8.2)", () => {
  it("closes before the page stands still, makes no attempt meanwhile, and goes on with its session after", () => {
    const { client, sockets, pass, greet, page } = inPage();
    greet(false);
    page()?.suspend();
    expect(sockets[0]?.isCut).toBe(true);
    expect(client.state.get()).toMatchObject({ status: "backoff", lastWsClose: { code: 4000 } });
    expect(client.sendFn(["a/b", 1])).toBe(true);
    // Timers run on between `pagehide` and the moment at which the page stands still.
    pass(60_000);
    expect(sockets).toHaveLength(1);
    page()?.resume();
    pass(500);
    expect(sockets).toHaveLength(2);
    expect(sockets[1]?.protocols).toEqual(["sente-lite", "session.s1.0"]);
    greet(true);
    expect(client.state.get()).toMatchObject({ open: true, resumed: true });
    expect(sockets[1]?.sent).toEqual(['[["chsk/ack",0],null]', '[["a/b",1],null]']);
    client.close();
    expect(page()).toBeUndefined();
  });

  it("that waits to reconnect goes on waiting after the page stood still, but not for long", () => {
    const { client, sockets, pass, page } = inPage();
    sockets[0]?.handlers.closed(1006, "");
    page()?.suspend();
    pass(60_000);
    expect(sockets).toHaveLength(1);
    page()?.resume();
    pass(500);
    expect(sockets).toHaveLength(2);
    client.close();
  });

  it("that was disconnected stays so", () => {
    const { client, sockets, pass, greet, page } = inPage();
    greet(false);
    const lifecycle = page();
    client.chsk.disconnect();
    lifecycle?.suspend();
    lifecycle?.resume();
    pass(60_000);
    expect(sockets).toHaveLength(1);
    expect(client.state.get().status).toBe("idle");
  });

  it("may be disconnected before the page stands still, and connected after, by the application itself", () => {
    const { client, sockets, pass, page } = inPage();
    page()?.suspend();
    client.chsk.disconnect();
    client.chsk.connect();
    expect(sockets).toHaveLength(2);
    // Its timers run: this attempt gets no handshake, and is followed by another.
    pass(11_000);
    expect(sockets).toHaveLength(3);
    client.close();
  });

  it("opens no socket where it is told to disconnect as the attempt begins", () => {
    const { client, sockets, pass } = inPage();
    client.chsk.disconnect();
    const stop = client.trace(({ type }) => type === "opening" && client.chsk.disconnect());
    client.chsk.connect();
    stop();
    pass(60_000);
    expect(sockets).toHaveLength(1);
    expect(client.state.get()).toMatchObject({ status: "idle", lastClose: { reason: "requested-disconnect" } });
  });
});
