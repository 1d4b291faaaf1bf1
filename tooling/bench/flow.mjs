// pnpm bench:flow [rounds]: what a path of three processes costs over a bare handler.
// First on a real server, in microseconds of its CPU for each request (socket, router, one process, reply) beside the same
// server with a handler; the two take turns. Then the path alone, without a socket, beside a call of the function.
import { buildSystem, defineProcess } from "@sente-lite/flow";
import { compare, echo, median } from "./server-load.mjs";

const rounds = Number(process.argv[2] ?? 9);
const VALUES = 200_000;

const [bare, flow] = await compare(["ours", "flow"], 100, rounds, (server) => echo(server, 100));
console.log(
  `request and reply over a socket: system ${flow.toFixed(1)} µs, handler ${bare.toFixed(1)} µs, ` +
    `ratio ${(flow / bare).toFixed(2)}`,
);

let sum = 0;
const add = (n) => {
  sum += n;
};
const onward = { transform: (_, n) => ({ outputs: [["out", n]] }) };
let emit;
const system = buildSystem({
  processes: {
    c: defineProcess({ ports: { out: [] }, transform: (_, n) => add(n) }),
    b: defineProcess(onward),
    a: defineProcess(onward),
    source: defineProcess({
      start: (context) => {
        emit = context.emit;
      },
    }),
  },
  connections: [
    [
      ["source", "out"],
      ["a", "in"],
    ],
    [
      ["a", "out"],
      ["b", "in"],
    ],
    [
      ["b", "out"],
      ["c", "in"],
    ],
  ],
});
await system.start();
const nanoseconds = (work) => {
  const begun = process.hrtime.bigint();
  for (let n = 0; n < VALUES; n++) work(n);
  return Number(process.hrtime.bigint() - begun) / VALUES;
};
const direct = [];
const through = [];
for (let round = 0; round < rounds; round++) {
  direct.push(nanoseconds(add));
  through.push(nanoseconds((n) => emit("out", n)));
}
console.log(
  `three processes without a socket: ${Math.round(median(through))} ns for each value, ` +
    `a call of the function ${Math.round(median(direct))} ns`,
);
if (sum === 0) throw new Error("nothing arrived");
await system.stop();
