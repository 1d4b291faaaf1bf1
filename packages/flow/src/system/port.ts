import type { InputOptions, QueuePolicy } from "./process.ts";

const DEFAULT_CAPACITY = 256;

/** An input, with all its options. */
export interface InputSpec {
  readonly name: string;
  readonly capacity: number;
  readonly policy: QueuePolicy;
  readonly optional: boolean;
  readonly sink: boolean;
}

/** The inputs and outputs of a process, defaults filled in. */
export interface PortSpecs {
  readonly in: readonly InputSpec[];
  readonly out: readonly string[];
}

interface Ported {
  readonly ports?: {
    readonly in?: readonly string[] | Readonly<Record<string, InputOptions>>;
    readonly out?: readonly string[];
  };
  readonly transform?: unknown;
}

export function portsOf({ ports = {}, transform }: Ported): PortSpecs {
  const given = ports.in ?? (transform === undefined ? [] : ["in"]);
  const inputs: readonly (readonly [string, InputOptions])[] = Array.isArray(given)
    ? given.map((name: string) => [name, {}] as const)
    : Object.entries(given as Readonly<Record<string, InputOptions>>);
  return {
    in: inputs.map(([name, { capacity = DEFAULT_CAPACITY, policy = "block", optional = false, sink = false }]) => ({
      name,
      capacity,
      policy,
      optional,
      sink,
    })),
    out: ports.out ?? ["out"],
  };
}
