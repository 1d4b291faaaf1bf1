import fc, { type Arbitrary } from "fast-check";
import { type Inbound, plainSetup, type Schedule } from "./schedule.ts";
import { command, drop, many, ms, oneClient, twoClients } from "./schedules.ts";

// Schedules in which those who take events lag behind: batches of several, small bounds, validators that take their time.

const inbound: Arbitrary<Inbound> = fc.record({
  consumer: fc.constantFrom("listener", "router", "router", "loop", "late"),
  workMs: fc.constantFrom(0, 5, 40, 300),
  checkMs: fc.constantFrom(undefined, 0, 3, 50),
  limits: fc.constantFrom(
    { maxReceived: 6, maxReceivedBytes: 8_388_608 },
    { maxReceived: 40, maxReceivedBytes: 8_388_608 },
    { maxReceived: 40, maxReceivedBytes: 9_000 },
    { maxReceived: 1_000, maxReceivedBytes: 9_000 },
    { maxReceived: 200, maxReceivedBytes: 8_388_608 },
  ),
  // The largest are acknowledged each.
  paddingBytes: fc.constantFrom(300, 300, 900, 900, 40_000),
  canPause: fc.boolean(),
});

const client = fc.nat({ max: 1 });
const traffic = fc.oneof(
  command("send", { client, count: ms(30, 1) }),
  command("push", { client, count: ms(30, 1), flush: fc.boolean() }),
  command("broadcast", { except: fc.option(client, { nil: undefined }) }),
);
const wait = fc.oneof(command("wait", { ms: ms(100) }), command("wait", { ms: ms(2_000) }));
const faults = fc.oneof(
  drop,
  // Not so slow that a frame takes longer than a peer waits for it.
  command("network", {
    client,
    isUp: fc.constant(true),
    latencyMs: fc.constantFrom(0, 20, 200),
    openMs: fc.constant(undefined),
    bytesPerMs: fc.constantFrom(undefined, 100),
  }),
  command("reconnect", { client }),
  command("stall", { who: fc.oneof(client, fc.constant("server" as const)), ms: ms(5_000) }),
);

export const lagging: Arbitrary<Schedule> = fc.record({
  seed: fc.nat(),
  setup: fc
    .record({ inbound, batchMs: fc.constantFrom(0, 30), clients: fc.constantFrom(oneClient, twoClients) })
    .map((more) => ({ ...plainSetup, ...more })),
  isCalm: fc.constant(false),
  commands: many(
    fc.oneof({ weight: 6, arbitrary: wait }, { weight: 10, arbitrary: traffic }, { weight: 2, arbitrary: faults }),
    40,
  ),
});
