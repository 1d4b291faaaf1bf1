import { describe, expect, onTestFinished } from "vitest";
import { withId } from "../client/section.ts";
import { joinOpen, type PairSection } from "./section.ts";
import { startPairServer } from "./servers.ts";

/** What a server says at its end of what it had sent: over a TCP proxy, between processes. */
export function endingTests(section: PairSection): void {
  const { test, control } = section;

  describe("§6.9 a server that ends", () => {
    for (const [how, drainMs] of [
      ["close()", 0],
      ["close({ drainMs })", 600],
    ] as const) {
      test(`${how} reports what is not known to have arrived at a client that hangs, and nothing of one that reads`, async () => {
        const server = await startPairServer(control(), section.target.server, { options: { drainMs } });
        onTestFinished(() => server.kill());
        const proxy = await control().proxy(server.port);
        onTestFinished(() => proxy.close());
        const behind = { ...server, url: server.url.replace(String(server.port), String(proxy.port)) };
        const never = { reconnectBaseMs: 60_000, reconnectCapMs: 60_000 };
        await joinOpen(section, behind, "uid=hangs", never);
        const reader = await joinOpen(section, server, "uid=reads", never);
        await proxy.do({ type: "stall" });
        for (const uid of ["hangs", "reads"]) {
          for (let x = 0; x < 20; x++) await reader.client.requestFn(["test/to", { uid, x }]);
        }
        const stopped = server.stop();
        await server.next(({ error }) => error !== undefined);
        // Not every runtime can cut a connection whose peer does not answer a close.
        await proxy.do({ type: "flow" });
        expect(await stopped).toBe(0);
        const lost = server.events().flatMap(({ error }) => (error === undefined ? [] : [error]));
        expect(lost).toEqual([expect.objectContaining({ code: "session-lost", source: "session" })]);
        expect(server.events().find(({ ended }) => ended !== undefined)?.ended).toEqual({ sessionsLost: 1 });
        await reader.messages.next(({ id, data }) => id === "test/direct" && data === 19);
        expect(reader.messages.all.filter(withId("test/direct"))).toHaveLength(20);
      });
    }
  });
}
