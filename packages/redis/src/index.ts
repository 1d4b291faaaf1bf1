export type { RedisClientLike } from "./connection.ts";
export { type RedisBackplaneOptions, redisBackplane } from "./redis-backplane.ts";
