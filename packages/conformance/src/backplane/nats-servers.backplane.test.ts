import { startNats } from "./nats-broker.ts";
import { serversOver } from "./servers-over.ts";

serversOver("nats", startNats);
