import { expect, it } from "vitest";
import { checkConfig } from "./check.ts";
import type { SystemConfig } from "./config.ts";
import { defineProcess } from "./process.ts";

const through = defineProcess({ transform: () => {} });
const source = defineProcess({ start: () => {} });

function problems(config: SystemConfig): string {
  try {
    checkConfig(config);
  } catch (error) {
    expect(error).toMatchObject({ name: "UsageError", code: "bad-system" });
    return (error as Error).message.replace("the system cannot be built:\n", "");
  }
  return "";
}

it("lets a system pass that is whole", () => {
  const config: SystemConfig = {
    processes: { a: source, b: through, c: { ...through, ports: { in: { in: { policy: "drop-oldest" } } } } },
    connections: [
      [
        ["a", "out"],
        ["b", "in"],
      ],
    ],
    flows: [
      [
        ["b", "out"],
        ["c", "in"],
      ],
      [
        ["c", "out"],
        ["b", "in"],
      ],
    ],
  };
  expect(problems(config)).toBe("");
});

it("names all that is wrong at once", () => {
  const config = {
    processes: {
      a: source,
      b: { ...through, tranform: () => {} },
      c: { ports: { in: ["in"] } },
      d: { ...through, onError: { action: "restrat", notify: "admin" } },
      "e f": { ...source, ports: { out: ["x"] } },
      g: { ...through, concurrency: 2, init: () => 0, ports: { in: { in: { capacity: 0, policy: "wait" } } } },
    },
    connections: [
      [
        ["a", "out"],
        ["b", "in"],
      ],
      [
        ["a", "out"],
        ["b", "in"],
      ],
      [
        ["a", "outt"],
        ["b", "in"],
      ],
      [
        ["a", "out"],
        ["b", "inn"],
      ],
      [
        ["z", "out"],
        ["y", "in"],
      ],
    ],
    conections: [],
  } as unknown as SystemConfig;
  expect(problems(config).split("\n")).toEqual([
    "- the system has an unknown key: conections (did you mean connections?)",
    "- process b has an unknown key: tranform (did you mean transform?)",
    "- process c has inputs (in) and no transform to take what comes in",
    "- process c has neither transform nor start: it would do nothing",
    "- process d: onError: the action is one of skip, restart, stop, escalate, not restrat",
    '- process d: onError: notify "admin" is no name in errorHandling.notify',
    '- "e f" is no name for a process or port: letters, digits, - _ . /',
    "- input g.in: capacity is a whole number from 1, not 0",
    "- input g.in: policy is one of block, drop-oldest, drop-newest, not wait",
    "- process g has a state (init), so it takes one value after the other: concurrency is for none",
    "- connection a.out -> b.in stands twice",
    "- connection a.outt -> b.in: a has no output outt; it has out",
    "- connection a.out -> b.inn: b has no input inn; it has in",
    "- connection z.out -> y.in: there is no process z",
    "- connection z.out -> y.in: there is no process y",
    "- input c.in is not connected: nothing leads to it (mark it optional to inject)",
    "- input d.in is not connected: nothing leads to it (mark it optional to inject)",
    "- input g.in is not connected: nothing leads to it (mark it optional to inject)",
  ]);
});

it("finds cycles in which each could wait for the next for ever, and lets a sink end one", () => {
  const connections: SystemConfig["connections"] = [
    [
      ["a", "out"],
      ["b", "in"],
    ],
    [
      ["b", "out"],
      ["a", "in"],
    ],
  ];
  expect(problems({ processes: { a: through, b: through }, connections })).toBe(
    "- cycle without a buffer: a.out -> b.in, b.out -> a.in; give one of these inputs a policy that does not block",
  );
  const sink = defineProcess({ ports: { in: { in: { sink: true } } }, transform: () => {} });
  expect(problems({ processes: { a: through, b: sink }, connections })).toBe("");
  expect(
    problems({
      processes: { a: through },
      connections: [
        [
          ["a", "out"],
          ["a", "in"],
        ],
      ],
    }),
  ).toContain("cycle without a buffer: a.out -> a.in");
});

it("refuses a system without processes, and names that reach a prototype", () => {
  expect(problems({ processes: {} })).toBe("- it has no processes");
  const connections = [
    [
      ["constructor", "out"],
      ["toString", "in"],
    ],
  ] as unknown as SystemConfig["connections"] & {};
  expect(problems({ processes: { a: source }, connections })).toContain("there is no process constructor");
});

it("names misspelt keys wherever they are, and the right ones", () => {
  const config = {
    processes: {
      a: { ...source, port: {} },
      b: { ...through, ports: { in: { in: { capcity: 5, optional: true } }, outs: [] } },
      c: { ...source, onError: { action: "restart", maxRestart: 3 } },
    },
    errorHandling: { recover: "skip" },
    monitoring: { health: () => {} },
  } as unknown as SystemConfig;
  expect(problems(config).split("\n")).toEqual([
    "- errorHandling has an unknown key: recover (did you mean recovery?)",
    "- monitoring has an unknown key: health (did you mean healthCheck?)",
    "- process a has an unknown key: port (did you mean ports?)",
    "- ports of process b has an unknown key: outs (did you mean out?)",
    "- input in of process b has an unknown key: capcity (did you mean capacity?)",
    "- process c: onError: it has an unknown key: maxRestart (did you mean maxRestarts?)",
  ]);
});
