import { UsageError } from "@sente-lite/protocol";
import { findNearestName } from "@sente-lite/protocol/options";
import { type Connection, connectionsOf, type SystemConfig } from "./config.ts";
import { type InputSpec, type PortSpecs, portsOf } from "./port.ts";
import type { OnError, Process, Recovery } from "./process.ts";

const NAME = /^[A-Za-z_][\w/.-]*$/;
const ACTIONS: readonly string[] = ["skip", "restart", "stop", "escalate"];
const POLICIES: readonly string[] = ["block", "drop-oldest", "drop-newest"];
const SYSTEM_KEYS = ["processes", "connections", "flows", "outputs", "log", "errorHandling", "monitoring"];
const ERROR_HANDLING_KEYS = ["errorChan", "onError", "recovery", "notify"];
const MONITORING_KEYS = ["metrics", "healthCheck"];
const INPUT_KEYS = ["capacity", "policy", "optional", "sink"];
const RECOVERY_KEYS = ["action", "notify", "maxRestarts", "withinMs", "delayMs"];
const PROCESS_KEYS = [
  ...["ports", "init", "start", "stop", "transform", "onError", "concurrency", "startTimeoutMs", "stopTimeoutMs"],
  ...["errorChan", "samples", "isReady"],
];

/** Checks a whole configuration. Throws one `UsageError` `bad-system` that names everything that is wrong. */
export function checkConfig(config: SystemConfig): void {
  const given = config as Partial<SystemConfig> | null | undefined;
  if (typeof given?.processes !== "object" || given.processes === null) {
    throw new UsageError("bad-system", "the system cannot be built: it has no processes");
  }
  const ports = new Map(Object.entries(config.processes).map(([name, process]) => [name, portsOf(process)]));
  const connections = connectionsOf(config);
  const problems = [
    ...findUnknownKeys("the system", config, SYSTEM_KEYS),
    ...findUnknownKeys("errorHandling", config.errorHandling ?? {}, ERROR_HANDLING_KEYS),
    ...findUnknownKeys("monitoring", config.monitoring ?? {}, MONITORING_KEYS),
    ...(ports.size === 0 ? ["it has no processes"] : []),
    ...Object.entries(config.processes).flatMap(([name, process]) => processProblems(name, process, config)),
    ...recoveryProblems("errorHandling.recovery", config.errorHandling?.recovery, config),
    ...connectionProblems(ports, connections),
    ...findUnconnected(ports, connections),
    ...findBlockingCycles(ports, connections),
  ];
  if (problems.length === 0) return;
  throw new UsageError("bad-system", `the system cannot be built:\n${problems.map((one) => `- ${one}`).join("\n")}`);
}

function findUnknownKeys(what: string, value: object, known: readonly string[]): readonly string[] {
  return Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const nearest = findNearestName(key, known);
      return `${what} has an unknown key: ${key}${nearest === undefined ? "" : ` (did you mean ${nearest}?)`}`;
    });
}

/** Finds unknown keys in the ports of a process, and in the options of its inputs. */
function findUnknownInputKeys(name: string, { ports = {} }: Process): readonly string[] {
  const inputs = ports.in === undefined || Array.isArray(ports.in) ? [] : Object.entries(ports.in);
  return [
    ...findUnknownKeys(`ports of process ${name}`, ports, ["in", "out"]),
    ...inputs.flatMap(([input, options]) => findUnknownKeys(`input ${input} of process ${name}`, options, INPUT_KEYS)),
  ];
}

function processProblems(name: string, process: Process, config: SystemConfig): readonly string[] {
  const problems = [
    ...findUnknownKeys(`process ${name}`, process, PROCESS_KEYS),
    ...findUnknownInputKeys(name, process),
  ];
  const ports = portsOf(process);
  for (const part of [name, ...ports.in.map((port) => port.name), ...ports.out]) {
    if (!NAME.test(part)) problems.push(`"${part}" is no name for a process or port: letters, digits, - _ . /`);
  }
  const { transform, start, onError, concurrency = 1 } = process;
  if (transform === undefined && ports.in.length > 0) {
    problems.push(`process ${name} has inputs (${namesOf(ports.in)}) and no transform to take what comes in`);
  }
  if (transform === undefined && start === undefined) {
    problems.push(`process ${name} has neither transform nor start: it would do nothing`);
  }
  for (const input of ports.in) problems.push(...inputProblems(`${name}.${input.name}`, input));
  if (!isCount(concurrency)) problems.push(`process ${name}: concurrency is a whole number from 1`);
  else if (concurrency > 1 && process.init !== undefined) {
    problems.push(`process ${name} has a state (init), so it takes one value after the other: concurrency is for none`);
  }
  if (typeof onError !== "function") problems.push(...recoveryProblems(`process ${name}: onError`, onError, config));
  return problems;
}

function inputProblems(name: string, { capacity, policy }: InputSpec): readonly string[] {
  const problems = [];
  if (!isCount(capacity)) problems.push(`input ${name}: capacity is a whole number from 1, not ${capacity}`);
  if (!POLICIES.includes(policy))
    problems.push(`input ${name}: policy is one of ${POLICIES.join(", ")}, not ${policy}`);
  return problems;
}

const isCount = (value: unknown) => Number.isInteger(value) && (value as number) >= 1;

function recoveryProblems(where: string, onError: OnError | undefined, config: SystemConfig): readonly string[] {
  if (onError === undefined) return [];
  const recovery: Recovery = typeof onError === "string" ? { action: onError } : onError;
  const faults = [...findUnknownKeys("it", recovery, RECOVERY_KEYS), ...recoveryFaults(recovery, config)];
  return faults.map((fault) => `${where}: ${fault}`);
}

/** What is wrong with a recovery, in words; nothing where it is right. */
export function recoveryFaults({ action, notify }: Recovery, config: SystemConfig): readonly string[] {
  const faults = [];
  if (!ACTIONS.includes(action)) faults.push(`the action is one of ${ACTIONS.join(", ")}, not ${action}`);
  if (notify !== undefined && !Object.hasOwn(config.errorHandling?.notify ?? {}, notify)) {
    faults.push(`notify "${notify}" is no name in errorHandling.notify`);
  }
  return faults;
}

function connectionProblems(ports: ReadonlyMap<string, PortSpecs>, connections: readonly Connection[]) {
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const [from, to] of connections) {
    const name = nameOf([from, to]);
    if (seen.has(name)) problems.push(`connection ${name} stands twice`);
    seen.add(name);
    const [source, target] = [ports.get(from[0]), ports.get(to[0])];
    if (source === undefined) problems.push(`connection ${name}: there is no process ${from[0]}`);
    else if (!source.out.includes(from[1])) {
      problems.push(
        `connection ${name}: ${from[0]} has no output ${from[1]}; it has ${source.out.join(", ") || "none"}`,
      );
    }
    if (target === undefined) problems.push(`connection ${name}: there is no process ${to[0]}`);
    else if (!target.in.some((input) => input.name === to[1])) {
      problems.push(`connection ${name}: ${to[0]} has no input ${to[1]}; it has ${namesOf(target.in) || "none"}`);
    }
  }
  return problems;
}

function findUnconnected(ports: ReadonlyMap<string, PortSpecs>, connections: readonly Connection[]): readonly string[] {
  const led = new Set(connections.map(([, [process, port]]) => `${process}.${port}`));
  return [...ports].flatMap(([name, spec]) =>
    spec.in
      .filter((input) => !input.optional && !led.has(`${name}.${input.name}`))
      .map((input) => `input ${name}.${input.name} is not connected: nothing leads to it (mark it optional to inject)`),
  );
}

/** Finds cycles of inputs that all block: each could wait for the next one for ever. */
function findBlockingCycles(
  ports: ReadonlyMap<string, PortSpecs>,
  connections: readonly Connection[],
): readonly string[] {
  const blocks = ([, [process, port]]: Connection) => {
    const input = ports.get(process)?.in.find(({ name }) => name === port);
    return input !== undefined && !input.sink && input.policy === "block";
  };
  const edges = connections.filter(blocks);
  const problems: string[] = [];
  const done = new Set<string>();
  const visit = (process: string, path: readonly Connection[]): void => {
    const start = path.findIndex(([[from]]) => from === process);
    if (start >= 0) {
      const cycle = path.slice(start).map(nameOf).join(", ");
      problems.push(`cycle without a buffer: ${cycle}; give one of these inputs a policy that does not block`);
      return;
    }
    if (done.has(process)) return;
    for (const edge of edges) if (edge[0][0] === process) visit(edge[1][0], [...path, edge]);
    done.add(process);
  };
  for (const process of ports.keys()) visit(process, []);
  return problems;
}

function nameOf([[from, out], [to, input]]: Connection): string {
  return `${from}.${out} -> ${to}.${input}`;
}

function namesOf(inputs: readonly InputSpec[]): string {
  return inputs.map(({ name }) => name).join(", ");
}
