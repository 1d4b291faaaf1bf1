// The server of compression.mjs, on Node or Bun: compression-server.mjs RUNTIME on|off. Obeys its parent's lines on
// stdin with one line of JSON each: "usage", "push TEXT".
import { createInterface } from "node:readline";

const [runtime, compression] = process.argv.slice(2);
const { makeChannelSocketServer, startRouter } = await import(`../../packages/${runtime}/dist/index.js`);

const server = makeChannelSocketServer({ compression: compression === "on", maxPayloadBytes: 4_194_304 });
startRouter(server, { "bench/echo": ({ data }) => data });
const { port } = await server.listen();
const people = Array.from({ length: 100 }, (_, i) => ({
  id: 1_000 + i,
  name: `Name ${i}`,
  email: `person${i}@example.com`,
  active: i % 3 !== 0,
  score: i * 1.25,
}));

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const commands = {
  usage: async () => {
    for (let i = 0; i < 5; i++) {
      globalThis.Bun?.gc(true);
      globalThis.gc?.();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const { user, system } = process.cpuUsage();
    say({ residentBytes: process.memoryUsage().rss, cpuMicros: user + system });
  },
  push: async (count) => {
    for (let n = 0; n < Number(count); n++) {
      server.broadcastFn(["bench/people", people.slice(n % 10, 40 + (n % 10))], { flush: true });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    say({ pushed: Number(count) });
  },
};
say({ port });
for await (const line of createInterface({ input: process.stdin })) {
  const [name, given] = line.split(" ");
  await commands[name](given);
}
process.exit();
