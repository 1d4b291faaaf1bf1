// A node in a process of its own, on any runtime: it says what it hears, a line each, and does what it reads on standard input.
import process from "node:process";
import { createInterface } from "node:readline";

const { name, id, port, prefix, leaseMs, clockMs = 0 } = JSON.parse(process.argv[2] ?? "");
if (clockMs !== 0) {
  const now = Date.now.bind(Date);
  Date.now = () => now() + clockMs;
}

const makers = {
  redis: async () =>
    (await import("@sente-lite/redis")).redisBackplane({ url: `redis://127.0.0.1:${port}`, prefix, leaseMs }),
  nats: async () => (await import("@sente-lite/nats")).natsBackplane({ servers: `127.0.0.1:${port}`, prefix, leaseMs }),
};

const say = (line) => console.log(line);
const bytesOf = (text) => new TextEncoder().encode(text);
const textOf = (bytes) => (bytes === undefined ? null : new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
const bounds = { size: 3, ttlMs: 30_000 };

const backplane = await makers[name]();
const membership = await backplane.join(id, {
  posted: (from, topic, bytes) => say(`posted ${from} ${topic} ${textOf(bytes)}`),
  gap: (from) => say(`gap ${from}`),
  joined: (node) => say(`joined ${node}`),
  gone: (node) => say(`gone ${node}`),
  asked: async (from, bytes) => bytesOf(`${id} answers ${from} ${textOf(bytes)}`),
  failed: (error) => say(`failed ${error.code}`),
});

const deeds = {
  subscribe: (topic) => membership.subscribe(topic),
  post: (topic, text) => membership.post(topic, bytesOf(text)),
  ask: async (node, text) => textOf(await membership.ask(node, bytesOf(text), 5_000)),
  put: (key, text, ttlMs) => membership.put(key, bytesOf(text), ttlMs),
  take: async (key) => textOf(await membership.take(key)),
  append: (stream, text) => membership.streams.append(stream, bytesOf(text), bounds),
  read: async (stream) => {
    const { entries, ...rest } = await membership.streams.read(stream, { limit: 10 }, bounds);
    return { ...rest, entries: entries.map(({ offset, bytes }) => [offset, textOf(bytes)]) };
  },
  leave: () => membership.leave(),
};

say("ready");
for await (const line of createInterface({ input: process.stdin })) {
  const [deed, ...words] = JSON.parse(line);
  try {
    say(`done ${JSON.stringify((await deeds[deed](...words)) ?? null)}`);
  } catch (error) {
    say(`failed-to ${deed} ${error.code ?? error.message}`);
  }
}
