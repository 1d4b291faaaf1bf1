import { natsBackplane } from "@sente-lite/nats";
import { afterAll, beforeAll, describe, it } from "vitest";
import { startNats } from "./nats-broker.ts";
import { type Broker, type DriverOptions, Stage } from "./stage.ts";
import { backplaneSuite } from "./suite.ts";

const make = ({ port, prefix, leaseMs = 10_000, keptPosts = 10_000 }: DriverOptions) =>
  natsBackplane({ servers: `127.0.0.1:${port}`, prefix, leaseMs, keptPosts });

backplaneSuite("nats", { hasBroker: true }, async () => ({ broker: await startNats(), make }));

describe("backplane: nats, where nobody was before", () => {
  let broker: Broker;
  beforeAll(async () => {
    broker = await startNats();
  });
  afterAll(() => broker.stop());

  // Of nodes that make a stream at once, NATS may tell all but one that there is another one with its subjects.
  it("has all that come at once join", async () => {
    for (let round = 0; round < 50; round++) {
      const stage = new Stage({ broker, make });
      try {
        await Promise.all(["a", "b", "c", "d", "e", "f", "g", "h"].map((id) => stage.join(id)));
      } finally {
        await stage.end();
      }
    }
  });
});
