import { type Command, plainSetup, type Schedule } from "./schedule.ts";

// Schedules for what chance takes too long to come up with.

const begin: Command = { type: "wait", ms: 500 };
const wait = (ms: number): Command => ({ type: "wait", ms });
const repeat = (times: number, command: Command) => Array.from({ length: times }, () => command);
const slowDown = (bytesPerMs: number): Command => ({
  type: "network",
  client: 0,
  isUp: true,
  latencyMs: 20,
  openMs: undefined,
  bytesPerMs,
});
const schedule = (commands: readonly Command[], setup: Partial<typeof plainSetup> = {}): Schedule => ({
  seed: 1,
  setup: { ...plainSetup, ...setup },
  commands: [begin, ...commands],
  isCalm: false,
});

export const directed = {
  // Traffic of the other direction would set it going again.
  "what a slow socket of the server holds up goes on as it drains": schedule(
    [slowDown(1), ...repeat(400, { type: "push", client: 0, count: 1, flush: true })],
    { limits: { maxQueuedFrames: 1_000, highWaterBytes: 100 } },
  ),
  "what a slow socket of the client holds up goes on as it drains": schedule(
    [slowDown(1), ...repeat(400, { type: "send", client: 0, count: 1 })],
    { limits: { maxQueuedFrames: 1_000, highWaterBytes: 100 } },
  ),
  "one turn of the server passes the bound, and all of it arrives": schedule(
    [slowDown(10), ...repeat(400, { type: "push", client: 0, count: 1, flush: true }), wait(20_000)],
    { limits: { maxQueuedFrames: 100, highWaterBytes: 100 } },
  ),
  "pushes are left out at the bound, replies never": schedule(
    [
      ...repeat(3, { type: "ask", client: 0, how: "later", timeoutMs: undefined }),
      wait(3_000),
      { type: "network", client: 0, isUp: false, latencyMs: 20, openMs: undefined, bytesPerMs: undefined },
      wait(25_000),
      { type: "answer" },
      ...repeat(12, { type: "push", client: 0, count: 1, flush: true }),
    ],
    { backpressure: "drop-oldest", limits: { maxQueuedFrames: 6, highWaterBytes: 65_536 } },
  ),
  "a server that drains leaves nothing in doubt": schedule([
    { type: "send", client: 0, count: 3 },
    wait(10),
    { type: "restart", how: "drain", downMs: 500 },
    { type: "send", client: 0, count: 3 },
    wait(15),
    { type: "send", client: 0, count: 2 },
    wait(10_000),
  ]),
  "a hint is kept, but for five minutes at most": schedule([
    { type: "refuse", status: 429, retryInMs: 1e9, spreadMs: 0, forMs: 5_000 },
    { type: "reconnect", client: 0 },
    wait(10_000),
  ]),
  "a hint is kept although the wall clock is set": schedule([
    { type: "refuse", status: 429, retryInMs: 200_000, spreadMs: 0, forMs: 5_000 },
    { type: "reconnect", client: 0 },
    wait(1_000),
    { type: "clock", who: 0, byMs: 3_600_000 },
    { type: "hasten", client: 0 },
    wait(10_000),
  ]),
  "a session outlives a wall clock that is set": schedule([
    { type: "drop", client: 0, toServer: undefined, toClient: undefined, clientMs: 50, serverMs: 50 },
    { type: "network", client: 0, isUp: false, latencyMs: 20, openMs: undefined, bytesPerMs: undefined },
    wait(1_000),
    { type: "clock", who: "server", byMs: 3_600_000 },
    wait(30_000),
  ]),
  "a page that goes away is not waited for": schedule([{ type: "leave", client: 0, code: 1001 }, wait(1_000)]),
  "neither do a network that is back and a look at the page come before a hint": schedule([
    { type: "refuse", status: 429, retryInMs: 4_000, spreadMs: 0, forMs: 1_000 },
    { type: "reconnect", client: 0 },
    wait(100),
    { type: "hasten", client: 0 },
    wait(10_000),
  ]),
  "what was given up at the bound counts": schedule(
    [...repeat(6, { type: "push", client: 0, count: 1, flush: true }), wait(5_000)],
    { limits: { maxQueuedFrames: 3, highWaterBytes: 65_536 } },
  ),
} as const satisfies Readonly<Record<string, Schedule>>;
