import { describe, expect } from "vitest";
import { type ClientSection, errorWith, isOpen, stageClient, until, withId } from "./section.ts";

const handshake = (features: string, resumed = false, received = 0) =>
  `[[:chsk/handshake ["u1" nil nil {:session "s1" :resumed? ${resumed} :received ${received} :max-frame 1048576 :ack {:frames 64 :bytes 65536} :features ${features}}]] nil]`;
const KNOWS = '["sessions" "volatile"]';
const now = { volatile: true } as const;

export function volatileTests(section: ClientSection): void {
  const { test } = section;

  describe("§6.12 volatile events", () => {
    const setUp = async (features: string) => {
      const { client, stage, messages, errors } = await stageClient(section);
      const connection = await stage.attempt();
      connection.accept();
      connection.send(handshake(features));
      expect(await connection.frame()).toBe("[[:chsk/ack 0] nil]");
      return { client, stage, messages, errors, connection };
    };

    test("volatile: one that is sent goes in a frame that is not counted", async () => {
      const { client, stage, connection } = await setUp(KNOWS);
      expect(client.sendFn(["a/typing", 1], now)).toBe(true);
      client.sendFn(["a/said", 2]);
      expect([await connection.frame(), await connection.frame()]).toEqual([
        "[[:chsk/volatile [:a/typing 1]] nil]",
        "[[:a/said 2] nil]",
      ]);
      client.chsk.breakConnection();
      const again = await stage.attempt();
      again.accept("sente-lite");
      again.send(handshake(KNOWS, true, 0));
      expect([await again.frame(), await again.frame()]).toEqual(["[[:chsk/ack 0] nil]", "[[:a/said 2] nil]"]);
    });

    test("volatile: without a connection it is left out, and says so", async () => {
      const { client, stage } = await stageClient(section);
      expect(client.sendFn(["a/typing", 1], now)).toBe(false);
      client.sendFn(["a/said", 2]);
      const connection = await stage.attempt();
      connection.accept();
      connection.send(handshake(KNOWS));
      await until(client.state, isOpen);
      expect([await connection.frame(), await connection.frame()]).toEqual([
        "[[:chsk/ack 0] nil]",
        "[[:a/said 2] nil]",
      ]);
    });

    test("volatile: a server that does not know it gets an event as any other", async () => {
      const { client, connection } = await setUp('["sessions"]');
      expect(client.sendFn(["a/typing", 1], now)).toBe(true);
      expect(await connection.frame()).toBe("[[:a/typing 1] nil]");
    });

    test("volatile: one that comes is delivered, and not counted", async () => {
      const { client, stage, messages, connection } = await setUp(KNOWS);
      connection.send("[[:chsk/volatile [:a/typing 1]] nil]");
      connection.send("[[[:a/said 2]] nil]");
      expect((await messages.next(withId("a/typing"))).data).toBe(1);
      await messages.next(withId("a/said"));
      client.chsk.breakConnection();
      const again = await stage.attempt();
      // One frame was counted.
      expect(again.protocols).toContain("session.s1.1");
    });

    test("volatile: junk in it is a bad event, and so is one that was not agreed on", async () => {
      const { client, errors, connection } = await setUp(KNOWS);
      for (const body of ["[:chsk/ack 1]", "[:chsk/request {:id 1 :event [:a/b]}]", "7", "nil"]) {
        connection.send(`[[:chsk/volatile ${body}] nil]`);
        await errors.next(errorWith("bad-event"));
      }
      expect(client.state.get().open).toBe(true);
      const other = await setUp('["sessions"]');
      other.connection.send("[[:chsk/volatile [:a/typing 1]] nil]");
      await other.errors.next(errorWith("bad-event"));
    });
  });
}
