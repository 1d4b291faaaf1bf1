import { describe, expect } from "vitest";
import { eventsOf, withId } from "../client/section.ts";
import { joinOpen, type PairSection, shareServer } from "./section.ts";

export function exchangeTests(section: PairSection): void {
  const { test } = section;

  describe("client and server: events and replies", () => {
    const server = shareServer(section);

    test("a request is answered", async () => {
      const { client } = await joinOpen(section, server());
      expect(await client.requestFn(["test/echo", { text: "hi", list: [1, null, true] }])).toEqual({
        text: "hi",
        list: [1, null, true],
      });
    });

    test("an event without a reply is handled", async () => {
      const { client, messages } = await joinOpen(section, server());
      client.sendFn(["test/echo", "one way"]);
      expect((await messages.next(withId("test/echoed"))).data).toBe("one way");
    });

    test("a push reaches every tab of the user, and nobody else", async () => {
      const tabs = [await joinOpen(section, server(), "uid=bea"), await joinOpen(section, server(), "uid=bea")];
      const other = await joinOpen(section, server(), "uid=cyn");
      tabs[0]?.client.sendFn(["test/push-me", "for bea"]);
      for (const { messages } of tabs) expect((await messages.next(withId("test/pushed"))).data).toBe("for bea");
      await other.client.requestFn(["test/echo", 1]);
      expect(eventsOf(other.messages)).toEqual([]);
    });

    test("a user can be pushed to by another", async () => {
      const dan = await joinOpen(section, server(), "uid=dan");
      const eve = await joinOpen(section, server(), "uid=eve");
      await dan.client.requestFn(["test/to", { uid: "eve", x: ["from", "dan"] }]);
      expect((await eve.messages.next(withId("test/direct"))).data).toEqual(["from", "dan"]);
      expect(await dan.client.requestFn(["test/uids"])).toEqual(expect.arrayContaining(["dan", "eve"]));
    });

    test("a broadcast reaches everybody", async () => {
      const users = await Promise.all(["f1", "f2", "f3"].map((uid) => joinOpen(section, server(), `uid=${uid}`)));
      users[0]?.client.sendFn(["test/broadcast", "to all"]);
      for (const { messages } of users) {
        await messages.next(({ id, data }) => id === "test/broadcast" && data === "to all");
      }
    });

    test("what one turn of the server makes may pass maxQueuedBytes: a client that reads gets all of it", async () => {
      const { client, messages } = await joinOpen(section, server(), "uid=images");
      await client.requestFn(["test/images", { count: 20, bytes: 300_000 }]);
      const images = eventsOf(messages) as readonly (readonly [string, readonly unknown[]])[];
      expect(images.map(([id, [n]]) => [id, n])).toEqual(Array.from({ length: 20 }, (_, n) => ["test/image", n]));
      expect(client.state.get()).toMatchObject({ open: true, firstOpen: true });
    });

    test("a thousand requests at once are each given their own reply", async () => {
      const { client } = await joinOpen(section, server(), "", { maxQueuedFrames: 2_000 });
      const numbers = Array.from({ length: 1_000 }, (_, i) => i);
      expect(await Promise.all(numbers.map((i) => client.requestFn(["test/echo", i])))).toEqual(numbers);
    });

    test("a handler that throws rejects the request with error, and tells nothing", async () => {
      const { client } = await joinOpen(section, server());
      const request = client.requestFn(["test/throw"]);
      await expect(request).rejects.toMatchObject({ name: "ReplyError", code: "error", data: null });
      await expect(request).rejects.not.toThrow(/thrown by/);
    });

    test("a handler that refuses says why, with its data", async () => {
      const { client } = await joinOpen(section, server());
      const refused = client.requestFn(["test/refuse", { room: "r1" }]);
      await expect(refused).rejects.toMatchObject({ name: "ReplyError", code: "not-allowed", data: { room: "r1" } });
    });

    test("an event that nobody handles rejects the request with unhandled", async () => {
      const { client } = await joinOpen(section, server());
      await expect(client.requestFn(["nobody/home", 1])).rejects.toMatchObject({
        name: "ReplyError",
        code: "unhandled",
      });
    });

    test("a request without an answer ends by its timeout", async () => {
      const { client } = await joinOpen(section, server());
      await expect(client.requestFn(["test/never"], { timeoutMs: 50 })).rejects.toMatchObject({ code: "timeout" });
      expect(await client.requestFn(["test/echo", "still here"])).toBe("still here");
    });
  });

  describe("client and server: a quiet connection", () => {
    const server = shareServer(section, { options: { pingIntervalMs: 50, pingTimeoutMs: 5_000 } });

    test("both sides ping, and neither loses the other", async () => {
      const { client, messages } = await joinOpen(section, server(), "uid=quiet", {
        pingIntervalMs: 80,
        pingTimeoutMs: 5_000,
      });
      for (let i = 0; i < 5; i++) await messages.next(withId("chsk/ws-ping"));
      expect(client.state.get()).toMatchObject({ open: true, firstOpen: true });
    });
  });
}
