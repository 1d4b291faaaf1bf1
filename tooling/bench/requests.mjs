// What a request of the server to a client costs beside one of the client to the server, over a real socket in one process
// and in the same run, one after the other and 50 at a time. The cost is processor time of both sides, which others on the
// machine disturb less than the time on the clock; the ratio is the median of those of each round:
//   pnpm bench:requests [rounds]
import { makeChannelSocketClient, makeChannelSocketServer, startRouter } from "@sente-lite/node";

const REQUESTS = 1_000;
const SIDE_BY_SIDE = 50;
const WARM_UP = 3;
const rounds = Number(process.argv[2] ?? 40);

// It asks more often than anybody may by default.
const server = makeChannelSocketServer({
  userIdFn: () => "u",
  maxEventsPerSecond: 1e6,
  maxEventsPerSecondPerUser: 1e6,
});
startRouter(server, { "bench/echo": ({ data }) => data });
const { url } = await server.listen();
const client = makeChannelSocketClient(url, { clientId: "c" });
startRouter(client, { "bench/echo": ({ data }) => data });
await client.ready();

const event = ["bench/echo", { text: "hello", n: 1 }];
const to = { uid: "u", clientId: "c" };
const ways = {
  "to the server": () => client.requestFn(event),
  "to a client": () => server.requestFn(to, event),
};

async function measure(ask, atATime) {
  const before = process.cpuUsage();
  for (let asked = 0; asked < REQUESTS; asked += atATime) {
    await Promise.all(Array.from({ length: atATime }, ask));
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / REQUESTS;
}

const medianOf = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

for (const atATime of [1, SIDE_BY_SIDE]) {
  const took = { "to the server": [], "to a client": [] };
  for (let round = -WARM_UP; round < rounds; round++) {
    for (const [name, ask] of Object.entries(ways)) {
      const cost = await measure(ask, atATime);
      if (round >= 0) took[name].push(cost);
    }
  }
  for (const [name, costs] of Object.entries(took)) {
    const ratio = medianOf(costs.map((cost, round) => cost / took["to the server"][round]));
    console.log(`${name}, ${atATime} at a time: ${medianOf(costs).toFixed(1)} µs, ratio ${ratio.toFixed(2)}`);
  }
}
client.close();
await server.close();
