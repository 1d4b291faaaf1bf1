import { startRedis } from "./redis-broker.ts";
import { serversOver } from "./servers-over.ts";

serversOver("redis", startRedis);
