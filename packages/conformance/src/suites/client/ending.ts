import type { ClientState } from "@sente-lite/protocol";
import { describe, expect } from "vitest";
import { type ClientSection, isOpen, stageClient, until } from "./section.ts";

export function endingTests(section: ClientSection): void {
  const { test } = section;

  describe("§8 what the application asks for", () => {
    test("disconnect() closes with 1000 and stays closed", async () => {
      const { stage, client } = await stageClient(section);
      const connection = await stage.greet();
      await until(client.state, isOpen);
      client.chsk.disconnect();
      expect((await connection.waitForClose()).code).toBe(1000);
      expect(client.state.get()).toMatchObject({
        status: "idle",
        open: false,
        lastClose: { reason: "requested-disconnect" },
      });
      client.chsk.connect();
      expect((await stage.attempt()).param("attempt")).toBe("2");
    });

    test("disconnect() rejects what is in flight", async () => {
      const { stage, client } = await stageClient(section);
      const connection = await stage.greet();
      const request = client.requestFn(["test/ask", 1]);
      await connection.frame();
      client.chsk.disconnect();
      await expect(request).rejects.toMatchObject({ code: "closed" });
    });

    test("disconnect() while the attempt is under way gives it up", async () => {
      const { stage, client } = await stageClient(section);
      const attempt = await stage.attempt();
      client.chsk.disconnect();
      await attempt.waitForClose();
      expect(client.state.get().status).toBe("idle");
    });

    test("disconnect() while it waits to reconnect ends the waiting", async () => {
      const { stage, client } = await stageClient(section, { reconnectBaseMs: 3_600_000, reconnectCapMs: 3_600_000 });
      (await stage.greet()).terminate();
      await until(client.state, ({ status }) => status === "backoff");
      client.chsk.disconnect();
      expect(client.state.get()).toMatchObject({ status: "idle", udtNextReconnect: null });
    });

    test("close() closes with 1000, and may be called twice", async () => {
      const { stage, client } = await stageClient(section);
      const connection = await stage.greet();
      await until(client.state, isOpen);
      client.close();
      client.close();
      expect((await connection.waitForClose()).code).toBe(1000);
      await expect(client.ready()).rejects.toMatchObject({ name: "HandshakeError" });
    });

    test("after close() nothing is accepted any more", async () => {
      const { stage, client } = await stageClient(section);
      await stage.greet();
      await until(client.state, isOpen);
      client.close();
      expect(client.state.get().open).toBe(false);
      expect(client.sendFn(["test/a", 1])).toBe(false);
      await expect(client.requestFn(["test/ask", 1])).rejects.toMatchObject({ code: "closed" });
      expect(() => client.chsk.connect()).toThrow(expect.objectContaining({ name: "UsageError" }));
      expect(() => client.chsk.reconnect()).toThrow(expect.objectContaining({ name: "UsageError" }));
      expect(stage.count).toBe(1);
    });

    test("a server that never answers the close does not keep the client from going", async () => {
      const { stage, client } = await stageClient(section);
      const connection = await stage.greet();
      await until(client.state, isOpen);
      connection.stall();
      client.chsk.reconnect();
      await stage.greet();
      await until(client.state, isOpen);
    });

    test("breakConnection() costs the connection, and the client reconnects", async () => {
      const { stage, client } = await stageClient(section);
      const connection = await stage.greet();
      await until(client.state, isOpen);
      client.chsk.breakConnection();
      const { code } = await connection.waitForClose();
      expect([4000, 1006]).toContain(code);
      await stage.greet();
      expect((await until(client.state, isOpen)).firstOpen).toBe(false);
    });

    test("reconnect() closes with 4000 and connects anew at once", async () => {
      const { stage, client } = await stageClient(section, { reconnectBaseMs: 3_600_000, reconnectCapMs: 3_600_000 });
      const connection = await stage.greet();
      await until(client.state, isOpen);
      client.chsk.reconnect();
      expect((await connection.waitForClose()).code).toBe(4000);
      expect((await stage.attempt()).param("attempt")).toBe("2");
    });

    test("reconnect() while it waits connects at once", async () => {
      const { stage, client } = await stageClient(section, { reconnectBaseMs: 3_600_000, reconnectCapMs: 3_600_000 });
      (await stage.greet()).terminate();
      await until(client.state, ({ status }) => status === "backoff");
      client.chsk.reconnect();
      await stage.greet();
      expect((await until(client.state, isOpen)).reconnectCount).toBe(0);
    });

    test("what the old connection still says after reconnect() is not heard", async () => {
      const { stage, client, messages } = await stageClient(section);
      const old = await stage.greet();
      await until(client.state, isOpen);
      client.chsk.reconnect();
      old.send("[[[:test/old 1]] nil]");
      const connection = await stage.greet();
      connection.send("[[[:test/new 1]] nil]");
      await messages.next(({ id }) => id === "test/new");
      expect(messages.all.map(({ id }) => id)).not.toContain("test/old");
    });

    test("functions can be taken off the client", async () => {
      const { stage, client } = await stageClient(section, { connect: false });
      const { sendFn, chsk, ready, close } = client;
      const { connect } = chsk;
      connect();
      sendFn(["test/a", 1]);
      const connection = await stage.greet();
      await ready();
      expect(await connection.frame()).toBe("[[:test/a 1] nil]");
      close();
      expect((await connection.waitForClose()).code).toBe(1000);
    });

    test("a client disposed of is closed", async () => {
      const { stage, client } = await stageClient(section);
      const connection = await stage.greet();
      await until(client.state, isOpen);
      await client[Symbol.asyncDispose]?.();
      expect((await connection.waitForClose()).code).toBe(1000);
    });
  });

  describe("§8 the state", () => {
    const statuses = (states: readonly ClientState[]) =>
      states.map(({ status }) => status).filter((status, index, all) => status !== all[index - 1]);

    test("it goes from idle over opening to open, over backoff and back, and to idle", async () => {
      const { stage, client, states } = await stageClient(section, { connect: false });
      expect(client.state.get().status).toBe("idle");
      client.chsk.connect();
      (await stage.greet()).terminate();
      await until(client.state, ({ status }) => status === "backoff");
      await stage.greet();
      await until(client.state, isOpen);
      client.chsk.disconnect();
      expect(statuses(states)).toEqual(["opening", "open", "backoff", "opening", "open", "idle"]);
    });

    test("every change is an event chsk/state with the state before and after", async () => {
      const { stage, client, messages, states } = await stageClient(section, { connect: false });
      client.chsk.connect();
      await stage.greet();
      await until(client.state, isOpen);
      const events = messages.all
        .filter(({ id }) => id === "chsk/state")
        .map(({ data }) => data as readonly ClientState[]);
      expect(events.map(([previous, next]) => [previous?.status, next?.status])).toEqual([
        ["idle", "opening"],
        ["opening", "open"],
      ]);
      expect(states).toContain(events[0]?.[1]);
    });

    test("get() gives the same frozen object until it changes", async () => {
      const { stage, client } = await stageClient(section);
      await stage.greet();
      const state = await until(client.state, isOpen);
      expect(Object.isFrozen(state)).toBe(true);
      expect(client.state.get()).toBe(state);
      client.chsk.disconnect();
      expect(client.state.get()).not.toBe(state);
    });

    test("a subscription does not call at once, gives both states, and can be ended", async () => {
      const { stage, client } = await stageClient(section, { connect: false });
      const calls: (readonly [ClientState, ClientState])[] = [];
      const stop = client.state.subscribe((next, previous) => calls.push([next, previous]));
      expect(calls).toEqual([]);
      const idle = client.state.get();
      client.chsk.connect();
      expect(calls).toEqual([[client.state.get(), idle]]);
      stop();
      await stage.greet();
      await until(client.state, isOpen);
      expect(calls).toHaveLength(1);
    });

    test("a subscriber that throws is reported, and the others are called", async () => {
      const { client, errors, states } = await stageClient(section, { connect: false });
      client.state.subscribe(() => {
        throw new Error("subscriber at fault");
      });
      client.chsk.connect();
      expect((await errors.next()).error.message).toBe("subscriber at fault");
      expect(states.length).toBeGreaterThan(0);
    });

    test("the state tells when the next attempt comes", async () => {
      const { stage, client } = await stageClient(section, { reconnectBaseMs: 3_600_000, reconnectCapMs: 3_600_000 });
      (await stage.greet()).terminate();
      const { udtNextReconnect, reconnectCount } = await until(client.state, ({ status }) => status === "backoff");
      expect(udtNextReconnect).toBeGreaterThan(Date.now() - 1_000);
      expect(udtNextReconnect).toBeLessThanOrEqual(Date.now() + 3_600_000);
      expect(reconnectCount).toBe(1);
    });
  });
}
