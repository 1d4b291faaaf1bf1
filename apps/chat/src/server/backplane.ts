import type { Backplane } from "@sente-lite/protocol/backplane";

/** A demo's people should not wait for long until who was killed is gone. */
const LEASE_MS = 3_000;

/** The broker at a `redis:` or `nats:` address. A server alone loads neither. */
export async function openBackplane(url: string): Promise<Backplane> {
  const { protocol, host } = new URL(url);
  if (protocol === "nats:") {
    const { natsBackplane } = await import("@sente-lite/nats");
    return natsBackplane({ servers: [host], prefix: "chat", leaseMs: LEASE_MS });
  }
  const { redisBackplane } = await import("@sente-lite/redis");
  return redisBackplane({ url, prefix: "chat", leaseMs: LEASE_MS });
}
