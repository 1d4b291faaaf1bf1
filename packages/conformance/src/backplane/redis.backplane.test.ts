import { redisBackplane } from "@sente-lite/redis";
import { startRedis } from "./redis-broker.ts";
import { backplaneSuite } from "./suite.ts";

backplaneSuite("redis", { hasBroker: true }, async () => ({
  broker: await startRedis(),
  make: ({ port, ...options }) => redisBackplane({ url: `redis://127.0.0.1:${port}`, ...defined(options) }),
}));

/** Without what is undefined. */
function defined<T extends object>(options: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
