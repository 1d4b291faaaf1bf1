import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

type Runtime = "node" | "bun" | "deno";

const { runtimePath }: { runtimePath(name: Runtime): string } = await import(
  new URL("../../../tooling/scripts/runtimes.mjs", import.meta.url).href
);

/** What Deno lets an example do: nothing that its page does not name. */
const flags: Readonly<Record<Runtime, readonly string[]>> = {
  node: [],
  bun: ["run"],
  deno: ["run", "--no-prompt", "--allow-net", "--allow-env=PORT"],
};

export interface ProgramOptions {
  readonly runtime?: Runtime;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Default: this package's. */
  readonly folder?: string;
}

/** An example that runs. */
export interface Program {
  /** Resolves to the first line with that text in it, past or to come; rejects where the program ends without one. */
  readonly line: (text: string) => Promise<string>;
  /** Its exit code, once it ended by itself. */
  readonly ended: Promise<number | null>;
  /** Ends it, and waits until it is gone. */
  readonly stop: () => Promise<void>;
}

const running = new Set<ChildProcess>();

/** Starts a file of the examples on its runtime, with the packages as they were built, on any free port. */
export function startProgram(file: string, options: ProgramOptions = {}): Program {
  const { runtime = "node", args = [], env = {}, folder = fileURLToPath(new URL("..", import.meta.url)) } = options;
  const child = spawn(runtimePath(runtime), [...flags[runtime], file, ...args], {
    cwd: folder,
    // Without the mode of the tests.
    env: { ...process.env, NODE_ENV: undefined, VITEST: undefined, NO_COLOR: "1", PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const check of [...waiting]) check();
  };
  let isOver = false;
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    wake();
  });
  const ended = once(child, "close").then(([code]) => {
    running.delete(child);
    isOver = true;
    wake();
    return typeof code === "number" ? code : null;
  });

  return {
    line: (text) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const found = lines.find((line) => line.includes(text));
          if (found === undefined && !isOver) return;
          waiting.delete(check);
          if (found !== undefined) resolve(found);
          else reject(new Error(`${file} ended without "${text}":\n${lines.join("\n")}\n${errors}`));
        };
        waiting.add(check);
        check();
      }),
    ended,
    stop: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Starts a server of the examples; resolves to its address, `http://127.0.0.1:PORT`, once it listens. */
export async function startServer(file: string, options?: ProgramOptions): Promise<string> {
  const line = await startProgram(file, options).line("http://127.0.0.1:");
  const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
  if (address === undefined) throw new Error(`no address in: ${line}`);
  return address;
}

/** Ends what still runs. */
export async function endAll(): Promise<void> {
  const closed = [...running].map((child) => once(child, "close"));
  for (const child of running) child.kill("SIGKILL");
  await Promise.all(closed);
}
