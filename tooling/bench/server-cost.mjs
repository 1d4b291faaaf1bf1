// What a message costs a server, in microseconds of its CPU, as a ratio to bare ws in the same run:
//   node tooling/bench/server-cost.mjs [rounds]
// The load comes from this process; both servers live in their own and take turns, so that noise hits both.
import { compare, echo, fanOut } from "./server-load.mjs";

const rounds = Number(process.argv[2] ?? 5);

async function compareWithWs(title, connections, measure) {
  const [ws, ours] = await compare(["ws", "ours"], connections, rounds, measure);
  console.log(`${title}: ours ${ours.toFixed(1)} µs, bare ws ${ws.toFixed(1)} µs, ratio ${(ours / ws).toFixed(2)}`);
}

await compareWithWs("request and reply, 100 connections, per message", 100, (server) => echo(server, 100));
await compareWithWs("broadcast to 1000, per delivery", 1000, (server) => fanOut(server, 20));
