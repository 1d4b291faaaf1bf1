import { describe, expect, it } from "vitest";
import { startRouter } from "../router.ts";
import { openRawPeer } from "../testing/raw-peer.test-support.ts";
import { setting } from "../testing/setting.test-support.ts";

describe("disconnectFn", () => {
  it("stops what that user still has queued: what waits for a handler or a validator is not handled", async () => {
    const { server, idle } = setting();
    const begun: unknown[] = [];
    const waiting: (() => void)[] = [];
    startRouter(server, {
      "a/n": ({ data }) => {
        begun.push(data);
        return new Promise<void>((resolve) => waiting.push(resolve));
      },
    });
    const [ann, bob] = await Promise.all([
      openRawPeer(server, "client-id=a&uid=ann"),
      openRawPeer(server, "client-id=b&uid=bob"),
    ]);
    for (let n = 0; n < 3; n++) ann.handlers.message(`[["a/n",${n}],null]`);
    bob.handlers.message('[["a/n","bob"],null]');
    await idle();
    expect(begun).toEqual([0, "bob"]);
    expect(server.disconnectFn("ann")).toEqual({ connections: 1 });
    for (const end of waiting) end();
    await idle();
    ann.handlers.message('[["a/n",3],null]');
    bob.handlers.message('[["a/n","bob again"],null]');
    await idle();
    expect(begun).toEqual([0, "bob", "bob again"]);
  });

  it("keeps with 4000 what was taken over, as it keeps the session", async () => {
    const { server, idle } = setting();
    const begun: unknown[] = [];
    const waiting: (() => void)[] = [];
    startRouter(server, {
      "a/n": ({ data }) => {
        begun.push(data);
        return new Promise<void>((resolve) => waiting.push(resolve));
      },
    });
    const ann = await openRawPeer(server, "client-id=a&uid=ann&sente-lite=1&attempt=1");
    for (let n = 0; n < 2; n++) ann.handlers.message(`[["a/n",${n}],null]`);
    await idle();
    server.disconnectFn("ann", { code: 4000 });
    waiting[0]?.();
    await idle();
    expect(begun).toEqual([0, 1]);
  });

  it("sends what was pushed before as far as the socket takes it, and reports nothing of the rest", async () => {
    const { server, errors } = setting({ highWaterBytes: 100 });
    const ann = await openRawPeer(server, "client-id=a&uid=ann&sente-lite=1&attempt=1", { stalled: true });
    ann.buffered = 0;
    for (let n = 0; n < 5; n++) server.sendFn("ann", ["s/n", "x".repeat(40)], { flush: true });
    server.disconnectFn("ann", { code: 4401 });
    expect(ann.sent).toHaveLength(3);
    expect(ann.closes).toEqual([{ code: 4401, reason: "" }]);
    expect([errors, server.metrics().sessionsLost]).toEqual([[], 0]);
  });
});
