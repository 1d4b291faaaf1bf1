import { natsBackplane } from "@sente-lite/nats";
import { startNats } from "./nats-broker.ts";
import { backplaneSuite } from "./suite.ts";

backplaneSuite("nats", { hasBroker: true }, async () => ({
  broker: await startNats(),
  make: ({ port, prefix, leaseMs = 10_000, keptPosts = 10_000 }) =>
    natsBackplane({ servers: `127.0.0.1:${port}`, prefix, leaseMs, keptPosts }),
}));
