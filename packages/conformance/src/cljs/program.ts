import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A program that prints lines. */
export interface Program {
  readonly lines: readonly string[];
  /** Resolves to the first line with that text in it, past or to come; rejects when the program ends without one. */
  readonly line: (text: string) => Promise<string>;
  /** Ends it, and waits until it is gone. */
  readonly kill: () => Promise<void>;
}

export function startProgram(command: string, args: readonly string[], cwd: string): Program {
  const child = spawn(command, [...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  const checks = new Set<() => void>();
  const wake = () => {
    for (const check of [...checks]) check();
  };
  let errors = "";
  let isOver = false;
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    wake();
  });
  const ended = once(child, "close").then(() => {
    isOver = true;
    wake();
  });
  return {
    lines,
    line: (text) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const found = lines.find((line) => line.includes(text));
          if (found === undefined && !isOver) return;
          checks.delete(check);
          if (found !== undefined) resolve(found);
          else reject(new Error(`ended without "${text}":\n${lines.join("\n")}\n${errors}`));
        };
        checks.add(check);
        check();
      }),
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
