// Clients whose connections break again and again while they are pushed numbered messages: what arrives?
import { now, pace, sleep, until } from "../clock.mjs";
import { connectCrowd, uidOf } from "../crowd.mjs";
import { cut } from "../network.mjs";
import { start } from "../processes.mjs";
import { createRandom, percentile, round, sum } from "../statistics.mjs";

export const full = { clients: 1_000, messages: 120, perSecond: 2, everyMs: 15_000, awayMs: 2_000, stallMs: 500 };
export const quick = { clients: 20, messages: 40, perSecond: 10, everyMs: 1_500, awayMs: 200, stallMs: 50 };

// What may still be under way after the last message: the longest wait between attempts, and a second.
const SETTLE_MS = 21_000;
const QUIET_MS = 3_000;

export async function server(library, { clients, messages, perSecond }) {
  const { port, push } = await library.serve();
  const text = "x".repeat(60);
  return {
    ready: { port },
    push: () =>
      pace(clients * messages, (messages / perSecond) * 1_000, (k) => {
        push(uidOf(k % clients), { n: Math.floor(k / clients) + 1, at: now(), text });
      }),
  };
}

export async function load(library, { port, clients, messages, everyMs, awayMs, stallMs }) {
  const crowd = Array.from({ length: clients }, () => newRecord());
  let lastArrival = now();
  await connectCrowd(library, {
    count: clients,
    port,
    opened: (index, { resumed }) => noteOpened(crowd[index], resumed),
    closed: (index) => {
      crowd[index].isOpen = false;
    },
    received: (index, message) => {
      lastArrival = now();
      noteReceived(crowd[index], message);
    },
  });
  const random = createRandom(1);
  const ends = [];
  const cutAgainAfter = (index, waitMs) => {
    const timer = setTimeout(() => {
      if (crowd[index].isOpen) {
        crowd[index].cuts++;
        cut(index, { stallMs, awayMs });
      }
      cutAgainAfter(index, everyMs * (0.8 + 0.4 * random()));
    }, waitMs);
    ends[index] = () => clearTimeout(timer);
  };

  const isSettled = () =>
    crowd.every(({ isOpen }) => isOpen) &&
    (crowd.every(({ seen }) => seen.size === messages) || now() - lastArrival > QUIET_MS);
  return {
    ready: {},
    faults: () => {
      for (let index = 0; index < clients; index++) cutAgainAfter(index, everyMs * random());
    },
    settle: async () => {
      for (const end of ends) end();
      // The last cut may still be ahead of its reset.
      await sleep(stallMs + 100);
      await until(isSettled, SETTLE_MS);
      return summary(crowd, messages);
    },
  };
}

const newRecord = () => ({
  seen: new Set(),
  highest: 0,
  duplicated: 0,
  reordered: 0,
  isOpen: false,
  opens: 0,
  cuts: 0,
  resumed: 0,
  resumedAt: null,
  lastReplayedAt: null,
  replays: [],
});

function noteOpened(record, resumed) {
  endReplay(record);
  record.isOpen = true;
  record.opens++;
  if (!resumed) return;
  record.resumed++;
  record.resumedAt = now();
}

function noteReceived(record, { n, at }) {
  // Pushed before the client was back: replayed.
  if (record.resumedAt !== null && at < record.resumedAt) record.lastReplayedAt = now();
  if (record.seen.has(n)) record.duplicated++;
  else if (n < record.highest) record.reordered++;
  record.seen.add(n);
  record.highest = Math.max(record.highest, n);
}

function endReplay(record) {
  if (record.lastReplayedAt !== null) record.replays.push(record.lastReplayedAt - record.resumedAt);
  record.resumedAt = null;
  record.lastReplayedAt = null;
}

function summary(crowd, messages) {
  crowd.forEach(endReplay);
  const total = (field) => sum(crowd.map((record) => record[field]));
  const replays = crowd.flatMap((record) => record.replays);
  return {
    sent: crowd.length * messages,
    cuts: total("cuts"),
    reconnects: total("opens") - crowd.length,
    resumed: total("resumed"),
    lost: sum(crowd.map(({ seen }) => messages - seen.size)),
    duplicated: total("duplicated"),
    reordered: total("reordered"),
    replays: replays.length,
    replayP50Ms: round(percentile(replays, 0.5)),
    replayP99Ms: round(percentile(replays, 0.99)),
  };
}

export async function run(name, params) {
  const serving = await start("server", "jitter", name, params);
  const loading = await start("load", "jitter", name, { ...params, port: serving.port });
  await loading.ask("faults");
  await serving.ask("push");
  const result = await loading.ask("settle");
  await Promise.all([loading.kill(), serving.kill()]);
  return result;
}

export function checks({ ours }) {
  if (ours === undefined) return [];
  const { lost, duplicated, reordered, replayP99Ms } = ours;
  return [
    { what: "nothing lost, duplicated or reordered", isMet: lost + duplicated + reordered === 0 },
    { what: "replay p99 under 1 s", isMet: replayP99Ms !== null && replayP99Ms < 1_000 },
  ];
}
