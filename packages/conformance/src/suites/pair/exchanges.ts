import { equal, normalise } from "@sente-lite/protocol";
import { normaliseJson } from "@sente-lite/protocol/json";
import { describe, expect } from "vitest";
import { sampleFor } from "../../fixture/sample.ts";
import { eventsOf, withId } from "../client/section.ts";
import { joined, type PairSection, pairServer } from "./section.ts";

export function exchangeTests(section: PairSection): void {
  const { target, test } = section;
  const arriving = target.codec === "json" ? normaliseJson : normalise;

  describe("client and server: events and replies", () => {
    const server = pairServer(section);

    test("a request is answered", async () => {
      const { client } = await joined(section, server());
      expect(await client.requestFn(["test/echo", { text: "hi", list: [1, null, true] }])).toEqual({
        text: "hi",
        list: [1, null, true],
      });
    });

    for (const [kind, value] of Object.entries(sampleFor(target.codec))) {
      test(`a value of the kind ${kind} goes there and comes back`, async () => {
        const { client } = await joined(section, server());
        const reply = await client.requestFn(["test/echo", value]);
        // Twice over the wire.
        expect(equal(reply, arriving(arriving(value))), kind).toBe(true);
      });
    }

    test("every kind of value survives a push", async () => {
      const { client, messages } = await joined(section, server(), `uid=types-${target.codec}`);
      client.sendFn(["test/types"]);
      const { data } = await messages.next(withId("test/types"));
      const sample = arriving(sampleFor(target.codec)) as Readonly<Record<string, unknown>>;
      const different = Object.keys(sample).filter(
        (kind) => !equal((data as Record<string, unknown>)[kind], sample[kind]),
      );
      expect(different).toEqual([]);
    });

    test("the client is told who it is", async () => {
      const { client } = await joined(section, server(), "uid=ann", { clientId: "tab-1" });
      expect(client.state.get()).toMatchObject({
        uid: "ann",
        handshakeData: { server: "sente-lite", runtime: target.server },
      });
      expect(await client.requestFn(["test/whoami"])).toEqual({ uid: "ann", "client-id": "tab-1" });
    });

    test("an event without a reply is handled", async () => {
      const { client, messages } = await joined(section, server());
      client.sendFn(["test/echo", "one way"]);
      expect((await messages.next(withId("test/echoed"))).data).toBe("one way");
    });

    test("a push reaches every tab of the user, and nobody else", async () => {
      const tabs = [await joined(section, server(), "uid=bea"), await joined(section, server(), "uid=bea")];
      const other = await joined(section, server(), "uid=cyn");
      tabs[0]?.client.sendFn(["test/push-me", "for bea"]);
      for (const { messages } of tabs) expect((await messages.next(withId("test/pushed"))).data).toBe("for bea");
      await other.client.requestFn(["test/echo", 1]);
      expect(eventsOf(other.messages)).toEqual([]);
    });

    test("a user can be pushed to by another", async () => {
      const dan = await joined(section, server(), "uid=dan");
      const eve = await joined(section, server(), "uid=eve");
      await dan.client.requestFn(["test/to", { uid: "eve", x: ["from", "dan"] }]);
      expect((await eve.messages.next(withId("test/direct"))).data).toEqual(["from", "dan"]);
      expect(await dan.client.requestFn(["test/uids"])).toEqual(expect.arrayContaining(["dan", "eve"]));
    });

    test("a broadcast reaches everybody", async () => {
      const users = await Promise.all(["f1", "f2", "f3"].map((uid) => joined(section, server(), `uid=${uid}`)));
      users[0]?.client.sendFn(["test/broadcast", "to all"]);
      for (const { messages } of users) {
        await messages.next(({ id, data }) => id === "test/broadcast" && data === "to all");
      }
    });

    test("a burst of 1000 arrives complete and in order", async () => {
      const { client, messages } = await joined(section, server());
      await client.requestFn(["test/burst", 1_000]);
      const expected = Array.from({ length: 1_000 }, (_, i) => ["test/item", { i }]);
      expect(eventsOf(messages)).toEqual(expected);
    });

    test("a thousand requests at once are each given their own reply", async () => {
      const { client } = await joined(section, server(), "", { maxQueuedFrames: 2_000 });
      const numbers = Array.from({ length: 1_000 }, (_, i) => i);
      expect(await Promise.all(numbers.map((i) => client.requestFn(["test/echo", i])))).toEqual(numbers);
    });

    test("half a megabyte goes there and comes back", async () => {
      const { client } = await joined(section, server());
      const text = "0123456789abcdef☃".repeat(25_000);
      expect(await client.requestFn(["test/echo", text])).toBe(text);
    });

    test("a handler that throws rejects the request with error, and tells nothing", async () => {
      const { client } = await joined(section, server());
      const request = client.requestFn(["test/throw"]);
      await expect(request).rejects.toMatchObject({ name: "ReplyError", code: "error", data: null });
      await expect(request).rejects.not.toThrow(/thrown by/);
    });

    test("a handler that refuses says why, with its data", async () => {
      const { client } = await joined(section, server());
      const refused = client.requestFn(["test/refuse", { room: "r1" }]);
      await expect(refused).rejects.toMatchObject({ name: "ReplyError", code: "not-allowed", data: { room: "r1" } });
    });

    test("an event that nobody handles rejects the request with unhandled", async () => {
      const { client } = await joined(section, server());
      await expect(client.requestFn(["nobody/home", 1])).rejects.toMatchObject({
        name: "ReplyError",
        code: "unhandled",
      });
    });

    test("a request without an answer ends by its timeout", async () => {
      const { client } = await joined(section, server());
      await expect(client.requestFn(["test/never"], { timeoutMs: 50 })).rejects.toMatchObject({ code: "timeout" });
      expect(await client.requestFn(["test/echo", "still here"])).toBe("still here");
    });
  });

  describe("client and server: a quiet connection", () => {
    const server = pairServer(section, { options: { pingIntervalMs: 50, pingTimeoutMs: 5_000 } });

    test("both sides ping, and neither loses the other", async () => {
      const { client, messages } = await joined(section, server(), "uid=quiet", {
        pingIntervalMs: 80,
        pingTimeoutMs: 5_000,
      });
      for (let i = 0; i < 5; i++) await messages.next(withId("chsk/ws-ping"));
      expect(client.state.get()).toMatchObject({ open: true, firstOpen: true });
    });
  });
}
