import { makeChannelSocketClient, makeChannelSocketServer, type ServerMessage, startRouter } from "@sente-lite/node";
import { expect, it, onTestFinished } from "vitest";
import { defineProcess } from "../system/process.ts";
import { buildSystem } from "../system/system.ts";
import { channelSocketServer } from "./channel-socket-server.ts";

const BLOCK = "x".repeat(64 * 1024);

it("a paused process makes the server stop reading, until the sender itself is told to wait; then all arrives in order", async () => {
  const kept: unknown[] = [];
  const server = makeChannelSocketServer();
  const system = buildSystem({
    processes: {
      app: defineProcess<undefined, ServerMessage<unknown, "app/block">>({
        ports: { out: [] },
        transform: (_, { data }) => void kept.push((data as { n: number }).n),
      }),
      ws: channelSocketServer(server, startRouter, { drainMs: 0 }),
    },
    connections: [
      [
        ["ws", "out"],
        ["app", "in"],
      ],
    ],
  });
  await system.start();
  onTestFinished(() => system.stop());
  const client = makeChannelSocketClient((await server.listen()).url);
  onTestFinished(() => client.close());
  await client.ready();

  system.pause("app");
  let accepted = 0;
  let refusals = 0;
  // Where nothing held it up, this would go on to 320 MB; a refusal may pass, so many in a row do not.
  while (accepted < 5_000 && refusals < 1_000) {
    if (client.sendFn(["app/block", { n: accepted, BLOCK }])) {
      accepted++;
      refusals = 0;
    } else {
      refusals++;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  expect(accepted).toBeLessThan(5_000);
  expect(server.metrics().bytesIn).toBeLessThan(32 * 1024 * 1024);

  system.resume("app");
  const marker = client.requestFn(["app/block", { n: accepted }], { timeoutMs: 60_000 }).catch(({ code }) => code);
  // Nobody answers, but when it comes back refused, everything before it has arrived.
  expect(await marker).toBe("unhandled");
  expect(kept).toEqual(Array.from({ length: accepted + 1 }, (_, n) => n));
}, 60_000);
