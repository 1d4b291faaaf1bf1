// A crowd: each client sends numbered events, and notes the numbers of those that come.
import { now, sleep } from "../faults/clock.mjs";
import { percentile, round, sum } from "../faults/statistics.mjs";

const AT_ONCE = 50;
export const uidOf = (index) => `user-${index}`;

const newRecord = () => ({
  client: undefined,
  seen: new Set(),
  highest: 0,
  doubled: 0,
  reordered: 0,
  sent: 0,
  isOpen: false,
  opens: 0,
  resumed: 0,
  closedAt: null,
  aways: [],
});

export async function play(library, { ports, clients }) {
  const crowd = Array.from({ length: clients }, newRecord);
  let latencies = [];
  let lastArrival = now();
  const connectOne = (record, index) =>
    new Promise((done) => {
      record.client = library.connect({
        port: ports[index % ports.length],
        uid: uidOf(index),
        opened: ({ resumed }) => {
          record.isOpen = true;
          record.opens++;
          if (resumed) record.resumed++;
          if (record.closedAt !== null) record.aways.push(now() - record.closedAt);
          record.closedAt = null;
          done();
        },
        closed: () => {
          record.isOpen = false;
          record.closedAt ??= now();
        },
        received: ({ n, at }) => {
          lastArrival = now();
          latencies.push(lastArrival - at);
          if (record.seen.has(n)) record.doubled++;
          else if (n < record.highest) record.reordered++;
          record.seen.add(n);
          record.highest = Math.max(record.highest, n);
        },
      });
    });
  let next = 0;
  const inTurn = async () => {
    while (next < clients) {
      const index = next++;
      await connectOne(crowd[index], index);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, inTurn));

  let timer;
  const total = (field) => sum(crowd.map((record) => record[field]));
  return {
    ready: {},
    /** Each client sends so many a second, evenly over the crowd. */
    send: ({ perSecond }) => {
      const begun = now();
      let k = 0;
      timer = setInterval(() => {
        const due = ((now() - begun) / 1_000) * perSecond * clients;
        for (; k < due; k++) {
          const record = crowd[k % clients];
          record.sent++;
          record.client.send(record.sent);
        }
      }, 10);
    },
    stop: () => clearInterval(timer),
    /** All come into one room; resolves when they are in it. */
    join: async () => {
      await Promise.all(crowd.map(({ client }) => client.join()));
    },
    /** Resolves when everybody is here and nothing came for a while, or the time is over. */
    settle: async ({ quietMs, withinMs }) => {
      const end = now() + withinMs;
      while (now() < end && !(crowd.every(({ isOpen }) => isOpen) && now() - lastArrival > quietMs)) await sleep(50);
    },
    latencies: () => {
      const times = latencies;
      latencies = [];
      return { count: times.length, p50Ms: round(percentile(times, 0.5)), p99Ms: round(percentile(times, 0.99)) };
    },
    leave: async (count) => {
      for (const record of crowd.slice(0, count)) record.client.close();
    },
    summary: () => ({
      sent: crowd.map(({ sent }) => sent),
      seen: crowd.map(({ seen }) => seen.size),
      doubled: total("doubled"),
      reordered: total("reordered"),
      reconnects: total("opens") - crowd.length,
      resumed: total("resumed"),
      open: crowd.filter(({ isOpen }) => isOpen).length,
      told: sum(crowd.map(({ client }) => client.told())),
      awayP50Ms: round(
        percentile(
          crowd.flatMap(({ aways }) => aways),
          0.5,
        ),
        0,
      ),
      awayP99Ms: round(
        percentile(
          crowd.flatMap(({ aways }) => aways),
          0.99,
        ),
        0,
      ),
    }),
  };
}
