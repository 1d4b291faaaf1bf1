import { type Connection, connectionsOf, type SystemConfig } from "./config.ts";
import { type InputSpec, portsOf } from "./port.ts";

/** A process as it is wired. */
export interface DescribedProcess {
  readonly name: string;
  readonly in: readonly InputSpec[];
  readonly out: readonly string[];
}

/** A topology as data, and as the text of a Mermaid flowchart. */
export interface Topology {
  readonly processes: readonly DescribedProcess[];
  readonly connections: readonly Connection[];
  readonly mermaid: string;
}

/** The topology of a system, or of its configuration: nothing is started. */
export function describe(of: SystemConfig | { readonly config: SystemConfig }): Topology {
  const config = "config" in of ? of.config : of;
  const connections = connectionsOf(config);
  const processes = Object.entries(config.processes).map(([name, process]) => ({ name, ...portsOf(process) }));
  return { processes, connections, mermaid: mermaidOf(processes, connections) };
}

/** One arrow for each pair of processes, with what flows along it. */
function mermaidOf(processes: readonly DescribedProcess[], connections: readonly Connection[]): string {
  const id = new Map(processes.map(({ name }, i) => [name, `p${i}`]));
  const labels = new Map<string, { readonly arrow: readonly [string, string]; readonly flows: string[] }>();
  for (const [[from, out], [to, input]] of connections) {
    const arrow = labels.get(`${from}>${to}`) ?? { arrow: [from, to], flows: [] };
    arrow.flows.push(out === input ? out : `${out} → ${input}`);
    labels.set(`${from}>${to}`, arrow);
  }
  return [
    "flowchart LR",
    ...processes.map(({ name }) => `  ${id.get(name)}["${name}"]`),
    ...[...labels.values()].map(({ arrow: [from, to], flows }) => {
      return `  ${id.get(from)} -- "${flows.join("<br/>")}" --> ${id.get(to)}`;
    }),
  ].join("\n");
}
