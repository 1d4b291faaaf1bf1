import { ReplyError } from "@sente-lite/protocol";
import { describe, expect } from "vitest";
import { eventsOf, isOpen, until, withId } from "../client/section.ts";
import { joinOpen, type PairSection, shareServer } from "./section.ts";

export function clientRequestTests(section: PairSection): void {
  const { target, test } = section;
  const { client: runtime } = target;

  describe("client and server: requests to clients", () => {
    const server = shareServer(section, { options: { oneByOne: true } });

    test("a handler awaits the answer of its own client, behind which events of that client wait", async () => {
      const { client, messages } = await joinOpen(section, server());
      runtime.startRouter(client, { "test/asked": async ({ data }) => [data, "sure"] });
      const asked = client.requestFn(["test/ask-me", { x: { list: [1, null, "two"] } }]);
      for (let n = 0; n < 100; n++) client.sendFn(["test/echo", n]);
      expect(await asked).toEqual([{ list: [1, null, "two"] }, "sure"]);
      await messages.next(({ id, data }) => id === "test/echoed" && data === 99);
    });

    test("a client knows its own id, by which the server asks it", async () => {
      const { client } = await joinOpen(section, server());
      const { "client-id": known } = await client.requestFn(["test/whoami"]);
      expect(client.state.get().clientId).toBe(known);
    });

    test("a refusal of the client's, and what nobody handles, are told", async () => {
      const { client } = await joinOpen(section, server());
      const stop = runtime.startRouter(client, {
        "test/asked": ({ data }) => new ReplyError("busy", { message: "not now", data }),
      });
      await expect(client.requestFn(["test/ask-me", { x: [1, "a"] }])).rejects.toMatchObject({
        code: "busy",
        message: "not now",
        data: [1, "a"],
      });
      stop();
      runtime.startRouter(client, {});
      await expect(client.requestFn(["test/ask-me", {}])).rejects.toMatchObject({ code: "unhandled" });
    });

    test("what is pushed before and after a request comes in that order, and so does the answer", async () => {
      const { client, messages } = await joinOpen(section, server());
      runtime.startRouter(client, { "test/asked": ({ data }) => data });
      client.sendFn(["test/ask-between", "x"]);
      await messages.next(withId("test/answered"));
      expect(eventsOf(messages)).toEqual([
        ["test/before"],
        ["test/asked", "x"],
        ["test/after"],
        ["test/answered", "x"],
      ]);
    });

    test("a request goes on over a broken connection, and is answered once", async () => {
      const { client, messages } = await joinOpen(section, server());
      const asked = client.requestFn(["test/ask-me", { x: 1 }]);
      const { replyFn } = await messages.next(withId("test/asked"));
      client.chsk.breakConnection();
      expect([replyFn?.("after the cut"), replyFn?.("again")]).toEqual([true, false]);
      await until(client.state, ({ resumed, open }) => open && resumed);
      expect(await asked).toBe("after the cut");
      expect(messages.all.filter(withId("test/asked"))).toHaveLength(1);
    });

    test("every tab of a user is asked", async () => {
      const uid = `tabs-${Math.floor(performance.timeOrigin)}-${target.codec}`;
      for (const clientId of ["a", "b"]) {
        const { client } = await joinOpen(section, server(), `uid=${uid}`, { clientId });
        runtime.startRouter(client, { "test/asked": ({ data }) => (clientId === "a" ? data : new ReplyError("busy")) });
      }
      const { client } = await joinOpen(section, server());
      await until(client.state, isOpen);
      expect(await client.requestFn(["test/ask-all", { uid, x: 1 }])).toEqual([
        ["a", 1],
        ["b", "busy"],
      ]);
    });
  });
}
