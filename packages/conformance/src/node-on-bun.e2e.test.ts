import { makeChannelSocketClient } from "@sente-lite/node";
import { expect, it, onTestFinished } from "vitest";
import { fixtureOf, startServer } from "./targets/fixtures.ts";

// Bun runs the package for Node with a ws of its own.

it("the package for Node sends all of what one turn made from Bun too, beyond what the system's buffers take", async () => {
  const { command, args } = fixtureOf("bun");
  const server = await startServer({ runtime: "node", command, args });
  onTestFinished(() => server.kill());
  const client = makeChannelSocketClient(server.url);
  onTestFinished(() => client.close());
  const count = 200;
  const last = new Promise<number>((resolve) => {
    let received = 0;
    client.chRecv.on("test/image", ({ data }) => {
      received++;
      if ((data as readonly unknown[])[0] === count - 1) resolve(received);
    });
  });
  await client.ready();
  await client.requestFn(["test/images", { count, bytes: 100_000 }], { timeoutMs: 30_000 });
  expect(await last).toBe(count);
  expect(client.state.get().reconnectCount).toBe(0);
});
