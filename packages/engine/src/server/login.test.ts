import { type ClientMessage, type ClientOptions, HandshakeError, type ServerOptions } from "@sente-lite/protocol";
import { describe, expect, it } from "vitest";
import { openRawPeer } from "../testing/raw-peer.test-support.ts";
import { setting } from "../testing/setting.test-support.ts";
import { withParams } from "./login-refresh.ts";

const MINUTE = 60_000;

interface Context {
  readonly token: string | null;
  readonly expiresAt: number;
}

/** A server whose logins last a minute, and a client whose tokens are counted; what `judge` says comes first. */
function play(judge: (token: string | null) => unknown = () => undefined, options: ServerOptions = {}) {
  let now = () => 0;
  const judged: (string | null)[] = [];
  const made = setting({
    authorizedFn: ({ url }) => {
      const token = url.searchParams.get("token");
      judged.push(token);
      const given = judge(token);
      return given === undefined ? { token, expiresAt: now() + MINUTE } : given;
    },
    ...options,
  });
  now = made.clock.now;
  const expired: unknown[] = [];
  made.server.chRecv.on("chsk/login-expired", ({ data }) => expired.push(data));
  let tokens = 0;
  const join = (given: ClientOptions = {}) => {
    const { client, got } = made.tab("ann", { params: () => ({ token: `t${++tokens}` }), ...given });
    const own: string[] = [];
    client.chRecv.on("*", ({ id }: ClientMessage) => {
      if (id === "chsk/login-expired" || id === "chsk/handshake") own.push(id);
    });
    return { client, got, own };
  };
  return { ...made, judged, expired, join };
}

describe("the end of a login (PROTOCOL.md section 1.9)", () => {
  it("is put off by the client, which asks its params function anew; handlers get the new context and request", async () => {
    const { server, clock, judged, expired, join, idle } = play();
    const { client, own } = join();
    server.chRecv.on("a/who", ({ context, request, replyFn }) => {
      replyFn?.([(context as Context).token, request.url.searchParams.get("token"), request.clientId]);
    });
    await idle();
    expect(await client.requestFn(["a/who"])).toEqual(["t1", "t1", "tab-1"]);
    await clock.advance(MINUTE - 30_000);
    expect(await client.requestFn(["a/who"])).toEqual(["t2", "t2", "tab-1"]);
    await clock.advance(3 * MINUTE);
    expect(judged.length).toBeGreaterThan(6);
    expect([own, expired, server.metrics().connectionsTotal]).toEqual([["chsk/handshake"], [], 1]);
  });

  it("comes as an event on both sides where nothing was renewed, and the session goes on with a new login", async () => {
    const { server, clock, expired, join, idle } = play();
    let asked = 0;
    const params = () => {
      if (++asked === 2) throw new Error("no token now");
      return { token: String(asked) };
    };
    const { client, got, own } = join({ params });
    const errors: unknown[] = [];
    client.errorChan.on(({ error, context }) => errors.push([error.message, context.source]));
    await idle();
    await clock.advance(MINUTE - 1);
    expect([client.state.get().open, errors]).toEqual([true, [["no token now", "refresh"]]]);
    await clock.advance(1);
    server.sendFn("ann", ["s/away"]);
    expect(client.state.get()).toMatchObject({ status: "backoff", lastWsClose: { code: 4401 } });
    expect(client.state.get().lastWsClose?.refusal).toMatchObject({ status: 401, code: "login-expired" });
    expect(expired).toEqual([{ uid: "ann", clientId: "tab-1" }]);
    await clock.advance(1_000);
    expect(client.state.get()).toMatchObject({ open: true, resumed: true });
    expect([got, asked]).toEqual([[["s/away"]], 3]);
    expect(own).toEqual(["chsk/handshake", "chsk/login-expired", "chsk/handshake"]);
  });

  it("is no refusal, but the login that follows may be one: then the client stays closed", async () => {
    const { clock, join, idle } = play((token) => (token === "t1" ? undefined : false), { refreshLeadMs: 0 });
    const { client } = join();
    await idle();
    await clock.advance(MINUTE + 1_000);
    expect(client.state.get()).toMatchObject({ status: "terminal", lastWsClose: { code: 4401, refusal: null } });
  });

  it.each([
    [false, 4401, "Unauthorized", null],
    [new HandshakeError("banned", "you are banned", { status: 403 }), 4403, undefined, "banned"],
  ])("ends connection and session where the new login is refused: %j", async (given, code, reason, refusal) => {
    const { server, clock, expired, join, idle } = play((token) => (token === "t1" ? undefined : given));
    const { client } = join();
    await idle();
    await clock.advance(MINUTE / 2);
    expect(client.state.get()).toMatchObject({ status: "terminal", lastWsClose: { code } });
    if (reason !== undefined) expect(client.state.get().lastWsClose?.reason).toBe(reason);
    expect(client.state.get().lastWsClose?.refusal?.code ?? null).toBe(refusal);
    expect([server.metrics().connections, server.metrics().sessionsAway, expired]).toEqual([0, 0, []]);
  });

  it("is not put off by a login that has ended itself, and comes in its time", async () => {
    const { clock, expired, join, idle } = play((token) =>
      token === "t2" ? { expiresAt: 1_600_000_000_000 } : undefined,
    );
    const { client } = join();
    await idle();
    await clock.advance(MINUTE - 1);
    expect([client.state.get().open, expired]).toEqual([true, []]);
    await clock.advance(1_001);
    expect([client.state.get().resumed, expired.length]).toEqual([true, 1]);
  });

  it("keeps the session where the new login is refused for now alone", async () => {
    const later = new HandshakeError("busy", "later", { status: 503 });
    let isBusy = false;
    const { server, clock, join, idle } = play(() => (isBusy ? later : undefined));
    const { client } = join();
    await idle();
    isBusy = true;
    await clock.advance(MINUTE / 2);
    expect(client.state.get().lastWsClose?.code).toBe(4503);
    isBusy = false;
    await clock.advance(60_000);
    expect(client.state.get()).toMatchObject({ open: true, resumed: true });
    expect(server.metrics().connectionsTotal).toBe(2);
  });

  it("ends the session of one who is another user by the new login, whatever the client says of itself", async () => {
    const { server, clock, join, idle } = play(undefined, {
      userIdFn: (_request, context) => ((context as Context).token === "t1" ? "ann" : "bob"),
    });
    const { client } = join();
    await idle();
    await clock.advance(MINUTE / 2);
    expect(client.state.get()).toMatchObject({ status: "terminal", lastWsClose: { code: 4403 } });
    expect(client.state.get().lastWsClose?.refusal).toMatchObject({ code: "other-uid" });
    expect(server.metrics()).toMatchObject({ connections: 0, sessionsAway: 0 });
  });

  it("comes in its time where the application fails to judge, which is reported", async () => {
    const { server, clock, errors, expired, join, idle } = play((token) => {
      if (token === "t2") throw new Error("no database");
    });
    const { client } = join();
    await idle();
    await clock.advance(MINUTE / 2);
    expect([client.state.get().open, errors]).toEqual([true, ["no database"]]);
    await clock.advance(MINUTE / 2 + 1_000);
    expect([expired.length, client.state.get().resumed, server.metrics().connectionsTotal]).toEqual([1, true, 2]);
  });

  it("is not put off by an answer that is judged after another connection has come", async () => {
    let release: (() => void) | undefined;
    const { clock, join, idle, cut, server } = play((token) =>
      token === "t2" ? new Promise((resolve) => (release = () => resolve(false))) : undefined,
    );
    const { client } = join();
    await idle();
    await clock.advance(MINUTE / 2);
    cut();
    await clock.advance(1_000);
    expect(client.state.get()).toMatchObject({ open: true, resumed: true });
    release?.();
    await idle();
    expect([client.state.get().open, server.metrics().connections]).toEqual([true, 1]);
  });

  it("closes peers of Sente's with 4401, without a word before; the next connection is judged anew", async () => {
    const { server, clock, judged, expired } = play(undefined, { pingIntervalMs: 0 });
    const sente = await openRawPeer(server, "client-id=s&uid=eve&token=t1");
    await clock.advance(MINUTE);
    expect(sente.closes).toEqual([{ code: 4401, reason: "login-expired" }]);
    expect(sente.sent.some((text) => text.includes("refresh"))).toBe(false);
    expect([judged, expired]).toEqual([["t1"], [{ uid: "eve", clientId: "s" }]]);
  });

  it("is a number of milliseconds since 1970, or none: whatever else is given lets nobody in, and is reported", async () => {
    const now = 1_700_000_000_000;
    for (const expiresAt of [undefined, null, Number.POSITIVE_INFINITY, now + 1]) {
      const { client, idle } = ((made) => ({ ...made, client: made.join().client }))(play(() => ({ expiresAt })));
      await idle();
      expect(client.state.get().open).toBe(true);
    }
    const bad = [new Date(now * 2), "2027-01-01", Number.NaN, now / 1_000 + 60, 0, -1, 10n, {}];
    for (const expiresAt of bad) {
      const { errors, idle, join } = play(() => ({ expiresAt }));
      const { client } = join();
      await idle();
      expect([client.state.get().open, errors]).toEqual([false, ["bad-expires-at"]]);
    }
    const { errors, idle, join } = play(() => ({ expiresAt: now }));
    const { client } = join();
    await idle();
    expect([client.state.get().status, client.state.get().lastWsClose?.refusal?.code, errors]).toEqual([
      "terminal",
      "login-expired",
      [],
    ]);
  });

  it("may be long after what a timer can wait for", async () => {
    const { clock, join, idle, server } = play(() => ({ expiresAt: 1_700_000_000_000 + 2 ** 33 }), {
      pingIntervalMs: 0,
    });
    const { client } = join({ pingIntervalMs: 0 });
    await idle();
    await clock.advance(1_000);
    expect([client.state.get().open, server.metrics().connectionsTotal]).toEqual([true, 1]);
  });
});

describe("the request of a login that is renewed", () => {
  const request = {
    url: new URL("ws://app.example/chsk?tenant=x&token=old&token=older&client-id=c&attempt=2"),
    headers: new Headers(),
    clientId: "c",
    raw: undefined,
  };

  it("has the new parameters in place of those of the same names, and no others of the protocol's", () => {
    const renewed = withParams(request, [
      ["token", "new"],
      ["__proto__", "p"],
      ["client-id", "victim"],
      ["sente-lite", "2"],
      ["csrf-token", "x"],
      ["tag", "a"],
      ["tag", "b&c"],
    ]);
    expect(renewed.url.search).toBe("?tenant=x&client-id=c&attempt=2&token=new&__proto__=p&tag=a&tag=b%26c");
    expect(renewed).toEqual({ ...request, url: renewed.url });
    expect(request.url.searchParams.get("token")).toBe("old");
  });
});
