import { describe, expect } from "vitest";
import { type ClientSection, isOpen, stageClient, until } from "./section.ts";

export function reconnectingTests(section: ClientSection): void {
  const { test } = section;

  describe("§8 close codes after which a client comes again", () => {
    for (const code of [
      1000, 1001, 1003, 1008, 1009, 1011, 1012, 1013, 3000, 4000, 4400, 4408, 4413, 4429, 4503, 4999,
    ]) {
      test(`${code}: the client reconnects`, async () => {
        const { stage, client } = await stageClient(section);
        const connection = await stage.greet();
        await until(client.state, isOpen);
        connection.close(code, "bye");
        const again = await stage.greet();
        const state = await until(client.state, isOpen);
        expect(again.param("attempt")).toBe("2");
        expect(state.lastWsClose).toMatchObject({ code, reason: "bye" });
        expect(state.firstOpen).toBe(false);
      });
    }

    test("1005, a close without a code: the client reconnects", async () => {
      const { stage, client } = await stageClient(section);
      const connection = await stage.greet();
      await until(client.state, isOpen);
      connection.close();
      await stage.greet();
      expect((await until(client.state, isOpen)).lastWsClose?.code).toBe(1005);
    });

    test("1006, a connection that is cut: the client reconnects", async () => {
      const { stage, client } = await stageClient(section);
      const connection = await stage.greet();
      await until(client.state, isOpen);
      connection.terminate();
      await stage.greet();
      expect((await until(client.state, isOpen)).lastWsClose?.code).toBe(1006);
    });

    test("an upgrade that is refused, or cut, is tried again", async () => {
      const { stage, client } = await stageClient(section);
      (await stage.attempt()).refuse(403, "Bad CSRF token");
      (await stage.attempt()).refuse(500);
      (await stage.attempt()).terminate();
      await stage.greet();
      const state = await until(client.state, isOpen);
      expect(state.lastWsError).not.toBeNull();
    });

    test("a server that accepts and at once closes is tried again, not in a hot loop", async () => {
      const { stage, client } = await stageClient(section, { reconnectBaseMs: 20, reconnectCapMs: 60_000 });
      const waits: number[] = [];
      for (let i = 0; i < 4; i++) {
        (await stage.greet()).close(1011);
        const { udtNextReconnect, lastWsClose } = await until(client.state, ({ status }) => status === "backoff");
        waits.push((udtNextReconnect ?? 0) - (lastWsClose?.at ?? 0));
        await until(client.state, ({ status }) => status === "opening");
      }
      // Full jitter: each within [0, base * 2^n], the handshake alone having reset nothing.
      waits.forEach((wait, n) => {
        expect(wait).toBeGreaterThanOrEqual(-2);
        expect(wait).toBeLessThanOrEqual(20 * 2 ** n + 2);
      });
      expect(client.state.get().reconnectCount).toBe(4);
    });
  });

  describe("§8 a refusal by HTTP status, of which a browser is told nothing", () => {
    for (const status of [401, 403, 429, 503]) {
      test(`${status}: the client says so, waits, and comes again; whoever waits in ready() goes on waiting`, async () => {
        const { stage, client } = await stageClient(section);
        const ready = client.ready();
        (await stage.attempt()).refuse(status, "no");
        const { lastWsClose, lastWsError, everOpened } = await until(
          client.state,
          (state) => state.lastWsClose !== null,
        );
        expect([lastWsClose?.code, everOpened]).toEqual([1006, false]);
        expect(lastWsError).toBeInstanceOf(Error);
        await stage.greet();
        expect(await ready).toMatchObject({ open: true });
      });

      test(`${status}, as often as maxAttempts: the client stays closed, and ready() rejects`, async () => {
        const { stage, client } = await stageClient(section, { maxAttempts: 2 });
        const ready = client.ready();
        for (let i = 0; i < 2; i++) (await stage.attempt()).refuse(status, "no");
        await expect(ready).rejects.toMatchObject({ name: "HandshakeError", code: "max-attempts" });
        expect(client.state.get()).toMatchObject({ status: "terminal", lastWsClose: { code: 1006 } });
      });
    }
  });

  describe("§8 a refusal by close code, of which every client is told", () => {
    for (const [code, reason] of [
      [4401, "Unauthorized"],
      [4403, "Bad CSRF token"],
    ] as const) {
      test(`${code}: ready() rejects with the reason, and the state has code and text`, async () => {
        const { stage, client } = await stageClient(section);
        const ready = client.ready();
        (await stage.connection()).close(code, reason);
        await expect(ready).rejects.toMatchObject({ name: "HandshakeError", code: "terminal-code" });
        expect(client.state.get()).toMatchObject({ status: "terminal", lastWsClose: { code, reason } });
      });
    }

    test("4406: it says which codecs the server has, and which option takes one of them", async () => {
      const { stage, client } = await stageClient(section);
      const ready = client.ready();
      (await stage.connection()).close(4406, '{"code":"unknown-codec","data":{"codecs":["a","b"],"more":2}}');
      const message = "the server does not speak edn; give one of its codecs as the option codec: a, b and 2 more";
      const told = { status: 406, code: "unknown-codec", message, data: { codecs: ["a", "b"], more: 2 } };
      await expect(ready).rejects.toMatchObject({ name: "HandshakeError", ...told });
      expect(client.state.get()).toMatchObject({ status: "terminal", lastClose: { refusal: told } });
    });

    for (const code of [4429, 4503, 1009]) {
      test(`${code}: the client comes again, and the state has the code`, async () => {
        const { stage, client } = await stageClient(section);
        const ready = client.ready();
        (await stage.connection()).close(code, "later");
        const { lastWsClose } = await until(client.state, (state) => state.lastWsClose !== null);
        expect(lastWsClose).toMatchObject({ code, reason: "later" });
        await stage.greet();
        expect(await ready).toMatchObject({ open: true });
      });
    }
  });

  describe("§8 terminal close codes", () => {
    for (const code of [4401, 4403, 4406, 4409]) {
      test(`${code}: the client stays closed until it is told to reconnect`, async () => {
        const { stage, client } = await stageClient(section);
        (await stage.greet()).close(code, "no");
        const state = await until(client.state, ({ status }) => status === "terminal");
        expect(state).toMatchObject({
          open: false,
          udtNextReconnect: null,
          lastClose: { reason: "terminal-code" },
          lastWsClose: { code },
        });
        client.chsk.reconnect();
        const again = await stage.greet();
        // There was no attempt in between: each has a number of its own.
        expect(again.param("attempt")).toBe("2");
        expect((await until(client.state, isOpen)).lastClose).toBeNull();
      });
    }

    test("before the handshake too: a refused client of ours stays closed", async () => {
      const { stage, client } = await stageClient(section);
      (await stage.connection()).close(4403, "Bad CSRF token");
      await until(client.state, ({ status }) => status === "terminal");
      expect(stage.count).toBe(1);
    });

    test("connect() leaves the terminal state as reconnect() does", async () => {
      const { stage, client } = await stageClient(section);
      (await stage.greet()).close(4401);
      await until(client.state, ({ status }) => status === "terminal");
      client.chsk.connect();
      await stage.greet();
      await until(client.state, isOpen);
    });

    test("a terminal client accepts nothing, and says so", async () => {
      const { stage, client } = await stageClient(section);
      (await stage.greet()).close(4401);
      await until(client.state, ({ status }) => status === "terminal");
      expect(client.sendFn(["test/a", 1])).toBe(false);
      await expect(client.requestFn(["test/ask", 1])).rejects.toMatchObject({ code: "closed" });
      await expect(client.ready()).rejects.toMatchObject({ name: "HandshakeError" });
    });

    test("whoever waits in ready() is told when it comes", async () => {
      const { stage, client } = await stageClient(section);
      const ready = client.ready();
      (await stage.connection()).close(4401);
      await expect(ready).rejects.toMatchObject({ name: "HandshakeError" });
    });

    test("after maxAttempts the client stays closed", async () => {
      const { stage, client } = await stageClient(section, { maxAttempts: 3 });
      for (let i = 0; i < 3; i++) (await stage.attempt()).refuse(500);
      const state = await until(client.state, ({ status }) => status === "terminal");
      expect(state.lastClose?.reason).toBe("max-attempts");
      client.chsk.reconnect();
      expect((await stage.attempt()).param("attempt")).toBe("4");
    });
  });

  describe("§8 the hint in the close reason", () => {
    /** How long the client waits after that close, and when it said so. */
    const waitAfter = async (code: number, reason: string) => {
      const { stage, client } = await stageClient(section, { reconnectBaseMs: 10_000, reconnectCapMs: 10_000 });
      const before = Date.now();
      (await stage.greet()).close(code, reason);
      const { udtNextReconnect } = await until(client.state, ({ status }) => status === "backoff");
      return { atLeast: (udtNextReconnect ?? 0) - Date.now(), atMost: (udtNextReconnect ?? 0) - before };
    };

    for (const code of [4429, 4503]) {
      test(`${code}: not before retryInMs, spread over spreadMs`, async () => {
        const { atLeast, atMost } = await waitAfter(code, '{"retryInMs":60000,"spreadMs":5000}');
        expect(atMost).toBeGreaterThanOrEqual(60_000);
        expect(atLeast).toBeLessThanOrEqual(65_000);
      });
    }

    test("a hint of more than five minutes is five minutes", async () => {
      const { atLeast, atMost } = await waitAfter(4503, '{"retryInMs":86400000,"spreadMs":1}');
      expect(atMost).toBeGreaterThanOrEqual(300_000);
      expect(atLeast).toBeLessThanOrEqual(300_001);
    });

    for (const reason of [
      "",
      "{",
      '{"retryInMs":"60000"}',
      '{"retryInMs":-5}',
      '{"retryInMs":null}',
      "[60000]",
      "null",
    ]) {
      test(`a malformed hint is no hint: ${reason}`, async () => {
        const { atLeast } = await waitAfter(4503, reason);
        expect(atLeast).toBeLessThanOrEqual(10_000);
      });
    }

    test("reconnect() does not wait for the hint", async () => {
      const { stage, client } = await stageClient(section);
      (await stage.greet()).close(4503, '{"retryInMs":60000,"spreadMs":0}');
      await until(client.state, ({ status }) => status === "backoff");
      client.chsk.reconnect();
      expect((await stage.attempt()).param("attempt")).toBe("2");
    });
  });
}
