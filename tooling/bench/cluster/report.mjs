// The tables and the plot of docs/cluster.md, from the numbers.
import { bars } from "../faults/report/svg.mjs";
import { titleOf } from "./libraries.mjs";

const number = (value) => (value === null || value === undefined ? "-" : value.toLocaleString("en-US"));
const row = (cells) => `| ${cells.join(" | ")} |`;
const table = (head, rows) => [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");
const each = (results, cells) => Object.entries(results).map(([name, result]) => [titleOf(name), ...cells(result)]);
const ms = (value) => (value === null || value === undefined ? "-" : `${number(value)} ms`);

const lossHead = [
  "",
  "sent up / down",
  "lost up / down",
  "doubled",
  "reordered",
  "resumed",
  "told of a loss",
  "away p50 / p99",
];
const lossCells = ({ up, down, resumed, reconnects, told, awayP50Ms, awayP99Ms }) => [
  `${number(up.sent)} / ${number(down.sent)}`,
  `${number(up.lost)} / ${number(down.lost)}`,
  number(up.doubled + down.doubled),
  number(up.reordered + down.reordered),
  `${number(resumed)} of ${number(reconnects)}`,
  number(told),
  `${ms(awayP50Ms)} / ${ms(awayP99Ms)}`,
];
const losses = (results) => table(lossHead, each(results, lossCells));

/** What each of many costs, by the rows of each library; `what` and `cellsOf` say of what kind they are and how many. */
const costs = (what, cellsOf) => (results) =>
  table(
    ["", ...what, "CPU of the nodes, each", "CPU of the broker, each", "p50", "p99"],
    Object.entries(results).flatMap(([name, { rows }]) =>
      rows.map((measured) => [
        titleOf(name),
        ...cellsOf(measured),
        `${measured.nodesCpuUs} µs`,
        `${measured.brokerCpuUs} µs`,
        ms(measured.p50Ms),
        ms(measured.p99Ms),
      ]),
    ),
  );

export const tablesOf = {
  rolling: losses,
  moves: losses,
  kill: losses,
  broker: losses,
  cost: costs(["nodes", "deliveries"], ({ nodes, deliveries }) => [nodes, number(deliveries)]),
  rooms: (results) =>
    table(
      ["", "posts", "to arrive", "missing", "doubled", "reordered", "away p50 / p99"],
      each(results, ({ posts, clients, missing, doubled, reordered, awayP50Ms, awayP99Ms }) => [
        number(posts),
        number(posts * clients),
        number(missing),
        number(doubled),
        number(reordered),
        `${ms(awayP50Ms)} / ${ms(awayP99Ms)}`,
      ]),
    ),
  push: costs(["user", "pushes"], ({ where, pushes }) => [where, number(pushes)]),
  units: ({ ours: { users, push } }) =>
    table(
      ["", "CPU", "memory, or bytes through the broker"],
      [
        ["a connection with its user, at its node", `${users.connectCpuUs} µs to come`, `${number(users.bytes)} B`],
        ["the same user, at each other node", `${users.elsewhereCpuUs} µs`, `${number(users.elsewhereBytes)} B`],
        ["the same user, at the broker", `${users.brokerCpuUs} µs`, `${number(users.brokerBytes)} B`],
        ["a push to a user on another node, at the node that pushes", `${push.fromCpuUs} µs`, ""],
        ["at the broker", `${push.brokerCpuUs} µs`, `${number(push.brokerBytes)} B`],
        ["at the node that has the user", `${push.toCpuUs} µs`, ""],
      ],
    ),
  presence: (results) =>
    table(
      ["", "users", "all see all after", "who left is gone after", "after a kill all agree after"],
      each(results, ({ clients, all, left, killed }) => [
        number(clients),
        ...[all, left, killed].map((at) => ms(at.ms)),
      ]),
    ),
};

/** What a rolling restart and moves lost, by library. */
export function lossPlot({ rolling, moves }) {
  const rows = [];
  for (const [what, results] of [
    ["rolling restart", rolling],
    ["moves", moves],
  ]) {
    for (const [name, { up, down }] of Object.entries(results ?? {})) {
      const value = up.lost + down.lost;
      rows.push({ title: `${titleOf(name)}, ${what}`, value, note: number(value), isOurs: name.startsWith("ours") });
    }
  }
  return bars("Events lost", rows);
}
