import { makeChannelSocketServer, startRouter } from "@sente-lite/node";
import { connectInMemory } from "@sente-lite/node/testing";
import { expect, it } from "vitest";
import { collectionsOf } from "../../../../packages/engine/src/testing/collections.test-support.ts";
import { chatEndpoints, chatSystem, makeChatServer } from "./chat-server.ts";
import { memoryStore } from "./file-store.ts";

const COUNT = 3_000;
const AT_ONCE = 25;
/** Nothing may hold so many; the caches of names in codecs hold 2,048 in each of two. */
const BOUND = 2_500;
const PATIENCE_MS = 60_000;

const held = () => new Set(collectionsOf(BOUND).map(({ size, sample }) => `${size}, as ${sample}`));

it(
  "holds nothing of thousands of visitors, names, rooms and texts once they are gone, and metrics tell nothing of them",
  async () => {
    const server = makeChatServer(makeChannelSocketServer);
    const { client, clock, idle } = connectInMemory({ server });
    const system = chatSystem(server, startRouter, memoryStore);
    await system.start();
    system.errorChan.on(() => {});
    const { fetch } = chatEndpoints(system, { withMetrics: true });
    const before = held();
    let refused = 0;
    for (let begun = 0; begun < COUNT; begun += AT_ONCE) {
      const visitors = Array.from({ length: AT_ONCE }, (_, n) => {
        const id = `made-up-${begun + n}`;
        const visitor = client(id);
        visitor.chRecv.on("*", () => {});
        const room = `r${begun + n}`;
        const asked = [
          visitor.requestFn(["chat/hello", { room }]),
          visitor.requestFn(["chat/rename", { name: `name ${begun + n}` }]),
          visitor.requestFn(["chat/send", { room: "lobby", id: `m-${id}`, text: `text ${id}` }]),
          visitor.requestFn([`chat/unheard-of-${begun + n}`] as unknown as readonly ["chat/unheard-of"]),
        ];
        for (const one of asked) one.catch(() => refused++);
        return visitor;
      });
      await idle();
      for (const visitor of visitors) visitor.close();
      await clock.advance(3_000);
    }
    await clock.advance(600_000);
    // Each asked for what there is not.
    expect(refused).toBeGreaterThanOrEqual(COUNT);
    const after = held();
    expect([...after].filter((one) => !before.has(one))).toEqual([]);
    const metrics = await ((await fetch({ method: "GET", url: "http://chat/metrics" })) as Response).text();
    expect(metrics).toContain("flow_handled_total");
    for (const said of ["made-up", "name ", "unheard-of"]) expect(metrics).not.toContain(said);
    expect(metrics.length).toBeLessThan(50_000);
    await system.stop();
  },
  PATIENCE_MS,
);
