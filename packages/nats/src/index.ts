export { type NatsBackplaneOptions, natsBackplane } from "./nats-backplane.ts";
