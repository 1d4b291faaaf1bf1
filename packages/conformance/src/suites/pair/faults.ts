import { describe, expect, onTestFinished } from "vitest";
import type { RunningServer, ServerStart } from "../../targets/target.ts";
import { eventsOf, isOpen, until, withId } from "../client/section.ts";
import { joinOpen, joinServer, type PairSection, shareServer } from "./section.ts";
import { startPairServer } from "./servers.ts";

export function faultTests(section: PairSection): void {
  const { target, test, control } = section;

  describe("client and server: who is not let in", () => {
    const guarded = shareServer(section, { options: { csrfToken: "s3cret" } });
    const open = shareServer(section);
    const others = shareServer(section, { codecs: ["json", "edn"] });

    test("with the right CSRF token it connects", async () => {
      const { client } = await joinOpen(section, guarded(), "", { csrfToken: "s3cret" });
      expect(await client.requestFn(["test/echo", 1])).toBe(1);
    });

    test("with the right CSRF token in the subprotocol it connects", async () => {
      const { client } = await joinOpen(section, guarded(), "", { csrfToken: "s3cret", csrfVia: "subprotocol" });
      expect(await client.requestFn(["test/echo", 1])).toBe(1);
    });

    test("with a wrong CSRF token it stays closed, and is told 4403", async () => {
      const { client } = joinServer(section, guarded(), "", { csrfToken: "nope" });
      const state = await until(client.state, ({ status }) => status === "terminal");
      expect(state.lastWsClose?.code).toBe(4403);
      await expect(client.ready()).rejects.toMatchObject({ name: "HandshakeError" });
    });

    test("after a new token, reconnect() connects", async () => {
      let token = "old";
      const { client } = joinServer(section, guarded(), "", { csrfToken: () => token });
      await until(client.state, ({ status }) => status === "terminal");
      token = "s3cret";
      client.chsk.reconnect();
      await until(client.state, isOpen);
    });

    test("not authorized, it stays closed, and is told 4401", async () => {
      const { client } = joinServer(section, open(), "unauthorized=1");
      const state = await until(client.state, ({ status }) => status === "terminal");
      expect(state.lastWsClose?.code).toBe(4401);
    });

    test("before its login ends it sends what its params function gives then, and the connection goes on", async () => {
      let asked = 0;
      let askAgain = () => {};
      const isAskedAgain = new Promise<void>((resolve) => {
        askAgain = resolve;
      });
      const params = () => {
        if (++asked > 1) askAgain();
        return { loginMs: asked === 1 ? "2000" : "600000", x: String(asked) };
      };
      const { client } = await joinOpen(section, open(), "", { params });
      await isAskedAgain;
      let x: unknown = "1";
      while (x === "1") x = ((await client.requestFn(["test/request"])) as { readonly x: unknown }).x;
      expect([x, asked, client.state.get().reconnectCount]).toEqual(["2", 2, 0]);
    });

    for (const gate of ["authorizedFn", "authorizedFn-returns", "userIdFn", "rejectFn-returns", "handshakeDataFn"]) {
      test(`refused by ${gate}, it is told why`, async () => {
        const { client } = joinServer(section, open(), `refuse-by=${gate}&status=403`);
        const told = { status: 403, code: "suspended", message: "You are suspended ☃", data: { until: "Monday" } };
        await expect(client.ready()).rejects.toMatchObject({ name: "HandshakeError", ...told });
        expect(client.state.get()).toMatchObject({
          status: "terminal",
          lastClose: { reason: "terminal-code", refusal: told },
          lastWsClose: { code: 4403, refusal: told },
        });
      });
    }

    test("with a codec that the server lacks it stays closed, and is told which there are", async () => {
      const { client } = joinServer(section, others());
      const message = `the server does not speak ${target.codec}; give one of its codecs as the option codec: json, edn`;
      const told = { status: 406, code: "unknown-codec", message, data: { codecs: ["json", "edn"] } };
      await expect(client.ready()).rejects.toMatchObject({ name: "HandshakeError", ...told });
      expect(client.state.get()).toMatchObject({
        status: "terminal",
        lastClose: { reason: "terminal-code", refusal: told },
        lastWsClose: { code: 4406, refusal: told },
      });
    });

    test("turned away with a reason, it reads it while it waits", async () => {
      const { client } = joinServer(section, open(), "refuse-by=rejectFn-returns&status=429");
      const { lastClose, lastWsClose } = await until(client.state, ({ status }) => status === "backoff");
      expect(lastWsClose).toMatchObject({ code: 4429, refusal: { status: 429, code: "suspended" } });
      expect(lastClose).toBe(null);
    });

    test("turned away for a while, it waits as it was told", async () => {
      const { client } = joinServer(section, open(), "reject=503&retryInMs=60000&spreadMs=1000");
      const { lastWsClose, udtNextReconnect } = await until(client.state, ({ status }) => status === "backoff");
      expect(lastWsClose?.code).toBe(4503);
      expect((udtNextReconnect ?? 0) - Date.now()).toBeGreaterThan(50_000);
    });

    test("a page of another origin is refused, and a client that is no page is not", async () => {
      const server = await startServer({ options: { allowedOrigins: [`http://only-this.example`] } });
      const { client } = joinServer(section, server);
      const state = await until(client.state, ({ status }) => status === "backoff" || status === "open");
      expect(state.status).toBe(target.client.capabilities.sendsOrigin ? "backoff" : "open");
    });

    test("without sessions the same client id again gets what is pushed, and the older client stays open", async () => {
      const server = await startServer({ options: { sessionWindowMs: 0 } });
      const older = await joinOpen(section, server, "uid=gus", { clientId: "tab-1" });
      const newer = await joinOpen(section, server, "uid=gus", { clientId: "tab-1" });
      older.client.sendFn(["test/push-me", "newer"]);
      expect((await newer.messages.next(withId("test/pushed"))).data).toBe("newer");
      expect(await older.client.requestFn(["test/echo", 1])).toBe(1);
      expect(older.messages.all.some(withId("test/pushed"))).toBe(false);
      expect(await newer.client.requestFn(["test/echo", 2])).toBe(2);
    });

    test("with sessions the client id is a label: both stay, and both get what is pushed", async () => {
      const one = await joinOpen(section, open(), "uid=gil", { clientId: "tab-1" });
      const other = await joinOpen(section, open(), "uid=gil", { clientId: "tab-1" });
      one.client.sendFn(["test/push-me", "both"]);
      for (const { messages } of [one, other]) expect((await messages.next(withId("test/pushed"))).data).toBe("both");
    });
  });

  const startServer = async (start: ServerStart = {}): Promise<RunningServer> => {
    const server = await startPairServer(control(), target.server, start);
    onTestFinished(() => server.kill());
    return server;
  };

  describe("client and server: what is lost, and found again", () => {
    const open = shareServer(section);

    test("requests in flight are rejected with closed when the server dies, and another does not know them", async () => {
      const server = await startServer();
      const { client } = await joinOpen(section, server);
      const lost = Promise.allSettled([client.requestFn(["test/never"]), client.requestFn(["test/slow", 60_000])]);
      // Both have been read: the server answers what came after them.
      await client.requestFn(["test/echo", 1]);
      await server.kill();
      await startServer({ port: server.port });
      const rejected = { status: "rejected", reason: { name: "ReplyError", code: "closed" } };
      expect(await lost).toMatchObject([rejected, rejected]);
      expect(client.state.get()).toMatchObject({ open: true, resumed: false, sessionLost: true });
    });

    for (const how of ["killed", "stopped"] as const) {
      test(`a server that is ${how} and started again is found again, and gets what was sent meanwhile`, async () => {
        const first = await startServer();
        const { client, messages, states } = await joinOpen(section, first, "uid=hal");
        // All that the client has said is read: a close beside unread frames may be lost in a reset.
        await client.requestFn(["test/echo", "ready"]);
        await (how === "killed" ? first.kill() : first.stop());
        await until(client.state, (state) => !state.open);
        for (const i of [1, 2, 3]) client.sendFn(["test/push-me", i]);
        await startServer({ port: first.port });
        await until(client.state, isOpen);
        for (const i of [1, 2, 3]) expect((await messages.next(withId("test/pushed"))).data).toBe(i);
        expect(await client.requestFn(["test/echo", "again"])).toBe("again");
        const codes = states.map(({ lastWsClose }) => lastWsClose?.code);
        expect(codes).toContain(how === "killed" ? 1006 : 1012);
      });
    }

    test("a broken connection is made again, under the same client id, and the user has not left", async () => {
      const server = open();
      const { client, messages } = await joinOpen(section, server, "uid=ida", { clientId: "tab-1" });
      for (let i = 0; i < 3; i++) {
        client.chsk.breakConnection();
        await until(client.state, (state) => !state.open);
        await until(client.state, isOpen);
      }
      expect(await client.requestFn(["test/whoami"])).toEqual({ uid: "ida", "client-id": "tab-1" });
      client.sendFn(["test/push-me", "here"]);
      expect((await messages.next(withId("test/pushed"))).data).toBe("here");
      await server.next(({ event, uid }) => uid === "ida" && event?.[0] === "test/push-me");
      const presence = server
        .events()
        .filter(({ event, uid }) => uid === "ida" && event?.[0].startsWith("chsk/uidport"));
      expect(presence.map(({ event }) => event?.[0])).toEqual(["chsk/uidport-open"]);
    });

    test("a push to a client that is away for a moment arrives when it is back", async () => {
      const server = open();
      const slow = { reconnectBaseMs: 60_000, reconnectCapMs: 60_000 };
      const away = await joinOpen(section, server, "uid=jan", { clientId: "tab-1", ...slow });
      const other = await joinOpen(section, server, "uid=kim");
      // By the server itself, so that it knows of it at once.
      away.client.sendFn(["test/close", 4000]);
      await until(away.client.state, ({ status }) => status === "backoff");
      await other.client.requestFn(["test/to", { uid: "jan", x: 1 }]);
      await other.client.requestFn(["test/to", { uid: "jan", x: 2 }]);
      away.client.chsk.reconnect();
      await away.messages.next(({ data }) => data === 2);
      expect(eventsOf(away.messages)).toEqual([
        ["test/direct", 1],
        ["test/direct", 2],
      ]);
    });

    test("a client that disconnects has left after the grace", async () => {
      const server = await startServer({ options: { presenceGraceMs: 50 } });
      const { client } = await joinOpen(section, server, "uid=leo");
      client.chsk.disconnect();
      await server.next(({ event, uid }) => uid === "leo" && event?.[0] === "chsk/uidport-close");
    });
  });
}
