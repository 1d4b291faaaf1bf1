import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { natsBackplane } from "@sente-lite/nats";
import { redisBackplane } from "@sente-lite/redis";
import { describe, expect, it, onTestFinished } from "vitest";
import { bytesOf } from "./heard.ts";
import { startNats } from "./nats-broker.ts";
import { startRedis } from "./redis-broker.ts";
import { type Broker, type DriverOptions, Stage } from "./stage.ts";

const SIZE = 10 * 1_048_576;

const brokers = {
  redis: {
    start: () => startRedis(),
    make: ({ port, prefix }: DriverOptions) => redisBackplane({ url: `redis://127.0.0.1:${port}`, prefix }),
  },
  nats: {
    start: () => startNats(["-c", "max-payload.conf"], { "max-payload.conf": "max_payload: 16MB" }),
    make: ({ port, prefix }: DriverOptions) => natsBackplane({ servers: `127.0.0.1:${port}`, prefix }),
  },
};

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

describe.each(Object.entries(brokers))(
  "backplane: %s, on which somebody else posts 10 MB",
  (_name, { start, make }) => {
    it("reports it, goes on, and keeps none of it", async () => {
      const broker: Broker = await start();
      const stage = new Stage({ broker, make });
      onTestFinished(async () => {
        await stage.end();
        await broker.stop();
      });
      const { a, b } = await stage.joinAll("a", "b");
      await b.membership.subscribe("tea");
      // What is nothing of ours; a post of a node that nobody knows.
      const heads = [bytesOf("garbage"), Uint8Array.from([0x53, 1, 1, 1, 0x7a, 0, 0])];
      const flood = async (rounds: number, last: string) => {
        for (let round = 0; round < rounds; round++) {
          for (const head of heads) {
            const bytes = Buffer.alloc(SIZE);
            bytes.set(head);
            await broker.publish(stage.prefix, "tea", bytes);
          }
        }
        a.membership.post("tea", bytesOf(last));
        await b.heard.line(`posted a tea ${last}`);
        // What a collection frees is given back in another thread, and the next one waits for that.
        for (let round = 0; round < 2; round++) collect();
        return process.memoryUsage().arrayBuffers;
      };
      // The clients of the brokers keep a buffer that was once so large.
      const before = await flood(1, "1");
      const after = await flood(3, "2");
      expect(b.heard.posts).toEqual(["1", "2"]);
      expect(b.heard.lines).toContain("failed unreadable");
      expect(after - before).toBeLessThan(3 * SIZE);
    });
  },
);
