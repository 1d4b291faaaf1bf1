import fc, { type Arbitrary } from "fast-check";
import { type Command, plainSetup, type Schedule, type Setup } from "./schedule.ts";

// Where schedules come from.

const client = fc.nat({ max: 2 });
const who = fc.oneof({ weight: 3, arbitrary: client }, { weight: 2, arbitrary: fc.constant("server" as const) });
export const ms = (max: number, min = 0) => fc.integer({ min, max });
export const command = <T extends Command["type"]>(
  type: T,
  fields: { [K in Exclude<keyof Extract<Command, { type: T }>, "type">]: Arbitrary<Extract<Command, { type: T }>[K]> },
) => fc.record({ type: fc.constant(type), ...fields } as never) as unknown as Arbitrary<Command>;

const kept = fc.oneof(fc.constant(undefined), fc.record({ lateMs: fc.constantFrom(0, 5, 200, 3_000) }));
const noticed = fc.constantFrom(undefined, 0, 0, 10, 500, 4_000);
const shortTimeout = fc.constantFrom(100, 1_000, 5_000, 10_000);
const ask = fc.oneof(
  command("ask", {
    client,
    how: fc.constantFrom("now", "later", "nil", "pong", "pong", "ack"),
    timeoutMs: fc.oneof(fc.constant(undefined), shortTimeout),
  }),
  command("ask", { client, how: fc.constant("never"), timeoutMs: shortTimeout }),
);

const wait = fc.oneof(
  command("wait", { ms: ms(100) }),
  command("wait", { ms: ms(2_000) }),
  command("wait", { ms: ms(25_000) }),
);
const traffic = fc.oneof(
  command("send", { client, count: ms(6, 1) }),
  ask,
  command("push", { client, count: ms(6, 1), flush: fc.boolean() }),
  command("broadcast", { except: fc.option(client, { nil: undefined }) }),
  command("answer", {}),
  command("question", { client, timeoutMs: shortTimeout }),
);
const oddTraffic = fc.oneof(
  command("poison", { client, to: fc.constantFrom("client", "server") }),
  command("big", { client, to: fc.constantFrom("client", "server") }),
);
export const drop = command("drop", { client, toServer: kept, toClient: kept, clientMs: noticed, serverMs: noticed });
const network = fc.oneof(
  command("network", {
    client,
    isUp: fc.constant(true),
    latencyMs: fc.constantFrom(0, 1, 20, 200, 1_500),
    openMs: fc.option(ms(40_000, 5_000), { nil: undefined, freq: 3 }),
    bytesPerMs: fc.constantFrom(undefined, undefined, 0.1, 1),
  }),
  command("network", {
    client,
    isUp: fc.constant(false),
    latencyMs: fc.constant(20),
    openMs: fc.constant(undefined),
    bytesPerMs: fc.constant(undefined),
  }),
);
const staysMs = fc.constantFrom(10, 1_000, 30_000);
const faults = fc.oneof(
  { weight: 5, arbitrary: drop },
  { weight: 1, arbitrary: command("halfOpen", { client, deaf: fc.constantFrom("client", "server") }) },
  { weight: 2, arbitrary: network },
  { weight: 2, arbitrary: command("duplicate", { client, afterMs: fc.constantFrom(0, 1, 30, 5_000), staysMs }) },
  { weight: 1, arbitrary: command("replay", { client, staysMs }) },
  { weight: 1, arbitrary: command("loseHandshakes", { client, forMs: ms(15_000) }) },
  { weight: 2, arbitrary: command("reconnect", { client }) },
  { weight: 1, arbitrary: command("hasten", { client }) },
  { weight: 1, arbitrary: command("break", { client, by: fc.constantFrom("client", "server") }) },
  { weight: 2, arbitrary: command("stall", { who, ms: ms(30_000) }) },
  { weight: 1, arbitrary: command("clock", { who, byMs: fc.constantFrom(-3_600_000, -5_000, 5_000, 3_600_000) }) },
);
const upheavals = fc.oneof(
  command("restart", { how: fc.constantFrom("crash", "close", "drain"), downMs: ms(8_000) }),
  command("login", { client }),
  command("leave", { client, code: fc.constantFrom(1000, 1001) }),
  command("refuse", {
    status: fc.constantFrom(429, 503),
    retryInMs: fc.constantFrom(0, 4_000, 1e9),
    spreadMs: fc.constantFrom(0, 2_000),
    forMs: ms(10_000),
  }),
);
const hostility = fc.oneof(
  command("forge", { client, what: fc.constantFrom("ack", "serverAck", "resume", "codec") }),
  command("impostor", { client, attempt: fc.constantFrom(1, 2, 3, 9), staysMs }),
);

const one = { uid: "ann", clientId: "a", latencyMs: 20 };
const bob = { uid: "bob", clientId: "b", latencyMs: 3 };
export const oneClient = [one];
export const twoClients = [one, bob];
const clients = fc.constantFrom(
  [one],
  [one, { uid: "bob", clientId: "b", latencyMs: 3, names: "nothing" as const }],
  [one, { uid: "ann", clientId: "b", latencyMs: 200, names: "more" as const }],
  // Two that call themselves the same.
  [one, { uid: "ann", clientId: "a", latencyMs: 30 }, { uid: "bob", clientId: "a", latencyMs: 5 }],
);
const setup: Arbitrary<Setup> = fc.record({
  clients,
  pingMs: fc.constantFrom({ client: 10_000, server: 12_000 }, { client: 12_000, server: 5_000 }),
  windowMs: fc.constantFrom(120_000, 120_000, 20_000),
  batchMs: fc.constantFrom(0, 30),
  upgradeMs: fc.constantFrom(0, 50),
  onSessionLost: fc.constantFrom("report", "report", "report", "resend"),
  backpressure: fc.constant("close"),
  limits: fc.constantFrom(plainSetup.limits, { maxQueuedFrames: 1_000, highWaterBytes: 100 }),
  maxAwaySessions: fc.constant(10_000),
});

const seed = fc.nat();
export const many = <T>(of: Arbitrary<T>, maxLength: number) => fc.array(of, { maxLength, size: "max" });
const calm = fc.constant(false);

/** Everything at once. */
const wild: Arbitrary<Schedule> = fc.record({
  seed,
  setup,
  isCalm: calm,
  commands: many(
    fc.oneof(
      { weight: 8, arbitrary: wait },
      { weight: 9, arbitrary: traffic },
      { weight: 6, arbitrary: faults },
      { weight: 1, arbitrary: oddTraffic },
      { weight: 2, arbitrary: upheavals },
    ),
    60,
  ),
});

/** The same without restarts, logins and the like: nothing may be lost. */
const faulty: Arbitrary<Schedule> = fc.record({
  seed,
  setup,
  isCalm: calm,
  commands: many(
    fc.oneof({ weight: 6, arbitrary: wait }, { weight: 8, arbitrary: traffic }, { weight: 6, arbitrary: faults }),
    50,
  ),
});

/** Houses that hand their sessions on, as at deploys: nothing may be lost. */
export const handedOn: Arbitrary<Schedule> = fc.record({
  seed,
  setup: setup.map((plain) => ({ ...plain, isHandedOn: true })),
  isCalm: calm,
  commands: many(
    fc.oneof(
      { weight: 6, arbitrary: wait },
      { weight: 8, arbitrary: traffic },
      { weight: 5, arbitrary: faults },
      { weight: 2, arbitrary: command("restart", { how: fc.constantFrom("close", "drain"), downMs: ms(8_000) }) },
    ),
    50,
  ),
});

const hostile: Arbitrary<Schedule> = fc.record({
  seed,
  setup,
  isCalm: calm,
  commands: many(
    fc.oneof(
      { weight: 6, arbitrary: wait },
      { weight: 6, arbitrary: traffic },
      { weight: 4, arbitrary: faults },
      { weight: 3, arbitrary: hostility },
    ),
    40,
  ),
});

/** Bounds that are reached: a session may be lost, but never in silence. */
const tight: Arbitrary<Schedule> = fc.record({
  seed,
  setup: fc
    .tuple(setup, fc.constantFrom("close" as const, "drop-oldest" as const), fc.constantFrom(3, 12))
    .map(([plain, backpressure, maxQueuedFrames]) => ({
      ...plain,
      backpressure,
      limits: { maxQueuedFrames, highWaterBytes: plain.limits.highWaterBytes },
    })),
  isCalm: calm,
  commands: many(
    fc.oneof({ weight: 5, arbitrary: wait }, { weight: 9, arbitrary: traffic }, { weight: 3, arbitrary: faults }),
    40,
  ),
});

const breath = command("wait", { ms: ms(15_000, 8_000) });

/** Short stalls and clocks that jump cost no connection. */
const quiet: Arbitrary<Schedule> = fc.record({
  seed,
  setup: setup.map((plain) => ({ ...plain, clients: plain.clients.slice(0, 1), limits: plainSetup.limits })),
  isCalm: fc.constant(true),
  commands: many(
    fc.oneof(
      { weight: 4, arbitrary: traffic.map((one) => [one]) },
      { weight: 2, arbitrary: fc.tuple(command("stall", { who, ms: ms(5_000) }), breath) },
      {
        weight: 2,
        arbitrary: fc.tuple(
          command("clock", { who, byMs: fc.constantFrom(-3_600_000, -5_000, 5_000, 3_600_000) }),
          breath,
        ),
      },
      { weight: 2, arbitrary: wait.map((one) => [one]) },
    ),
    20,
  ).map((groups) => groups.flat()),
});

/** Neither does a long stall of one's own, with a ping outstanding or where one would have been due. */
const patient: Arbitrary<Schedule> = fc
  .record({
    seed,
    setup,
    long: ms(6_500),
    stall: fc.constantFrom<readonly ["stallOnPing" | "stall", number | "server"]>(
      ["stallOnPing", 0],
      ["stallOnPing", "server"],
      ["stall", 0],
    ),
  })
  .map(({ setup: plain, long, stall: [type, whom], ...rest }) => {
    // The other side has to be patient, too.
    const pingMs = whom === "server" ? { client: 12_000, server: 5_000 } : { client: 10_000, server: 12_000 };
    const first: Command[] = type === "stall" ? [{ type: "wait", ms: 5_000 }] : [];
    const stallMs = type === "stall" ? 15_500 + (long % 500) : 9_500 + long;
    return {
      ...rest,
      setup: { ...plain, clients: [one], limits: plainSetup.limits, pingMs },
      isCalm: true,
      commands: [
        { type: "wait", ms: 500 },
        { type: "ask", client: 0, how: "now", timeoutMs: undefined },
        { type: "wait", ms: 100 },
        ...first,
        { type, who: whom, ms: stallMs },
        { type: "wait", ms: 40_000 },
      ],
    };
  });

/** Handshake, then close, again and again: the attempts stay bounded. */
const hot: Arbitrary<Schedule> = fc.record({
  seed,
  setup: setup.map((plain) => ({ ...plain, clients: [one] })),
  isCalm: calm,
  commands: fc
    .record({ before: many(traffic, 5) })
    .map(({ before }) => [
      ...before,
      { type: "hot" as const, client: 0, forMs: 60_000 },
      { type: "reconnect" as const, client: 0 },
      { type: "wait" as const, ms: 60_000 },
    ]),
});

/** Handshakes get lost; only so many sessions may be away as there are clients, and one more. */
const orphaned: Arbitrary<Schedule> = fc.record({
  seed,
  setup: setup.map((plain) => ({
    ...plain,
    windowMs: 120_000,
    clients: twoClients,
    maxAwaySessions: 3,
  })),
  isCalm: calm,
  commands: many(
    fc.oneof(wait, traffic, drop, command("loseHandshakes", { client: fc.constantFrom(0, 1), forMs: ms(20_000) })),
    30,
  ).map((commands) => [{ type: "loseHandshakes" as const, client: 0, forMs: 6_000 }, ...commands]),
});

/** A schedule of any kind. */
export const schedules: Arbitrary<Schedule> = fc.oneof(
  { weight: 6, arbitrary: wild },
  { weight: 5, arbitrary: faulty },
  { weight: 3, arbitrary: hostile },
  { weight: 2, arbitrary: tight },
  { weight: 1, arbitrary: quiet },
  { weight: 1, arbitrary: patient },
  { weight: 1, arbitrary: hot },
  { weight: 1, arbitrary: orphaned },
);
