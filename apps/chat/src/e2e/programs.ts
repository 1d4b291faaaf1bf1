import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** One of the chat's programs, as it was built. */
export interface Program {
  readonly lines: readonly string[];
  /** Resolves to the first line with that text in it, past or to come; rejects when the program ends without one. */
  readonly line: (text: string, options?: { readonly after?: number }) => Promise<string>;
  readonly say: (text: string) => void;
  /** Ends it, and waits until it is gone. */
  readonly kill: (signal: "SIGKILL" | "SIGTERM") => Promise<void>;
  readonly closeInput: () => void;
  /** Its exit code, once it ended; null after a signal. */
  readonly ended: Promise<number | null>;
}

export type Runtime = "node" | "bun" | "deno" | "nbb";
type Name = "server" | "terminal" | "guest" | "scittle";

const {
  chatProgram,
}: {
  chatProgram(
    name: Name,
    runtime: Runtime,
    args: readonly string[],
    options?: { readonly data?: string },
  ): { readonly command: string; readonly args: readonly string[] };
} = await import(new URL("../../../../tooling/scripts/chat-programs.mjs", import.meta.url).href);

const running = new Set<ChildProcess>();

export interface StartOptions {
  readonly runtime?: Runtime;
  readonly args?: readonly string[];
  /** Where a server keeps what was said; by default it keeps nothing. */
  readonly data?: string;
}

export function start(name: Name, { runtime = "node", args = [], ...rest }: StartOptions): Program {
  const program = chatProgram(name, runtime, args, rest);
  const child = spawn(program.command, program.args, { stdio: ["pipe", "pipe", "pipe"] });
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
    lines,
    line: (text, { after = 0 } = {}) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const found = lines.slice(after).find((line) => line.includes(text));
          if (found === undefined && !isOver) return;
          waiting.delete(check);
          if (found !== undefined) resolve(found);
          else reject(new Error(`${name} ended without "${text}":\n${lines.join("\n")}\n${errors}`));
        };
        waiting.add(check);
        check();
      }),
    say: (text) => void child.stdin.write(`${text}\n`),
    kill: async (signal) => {
      child.kill(signal);
      await ended;
    },
    closeInput: () => void child.stdin.end(),
    ended,
  };
}

/** Ends what is still running. */
export async function endAll(): Promise<void> {
  const closed = [...running].map((child) => once(child, "close"));
  for (const child of running) child.kill("SIGKILL");
  await Promise.all(closed);
}

/** A server, and where its page is. */
export async function startServer(
  port = 0,
  options: StartOptions = {},
): Promise<{ readonly server: Program; readonly url: string; readonly port: number }> {
  const server = start("server", { ...options, args: ["--port", String(port), ...(options.args ?? [])] });
  const url = (await server.line("chat: ")).slice("chat: ".length);
  return { server, url, port: Number(new URL(url).port) };
}

/** A terminal client that is in a room, by default the lobby. */
export async function startTerminal(
  port: number,
  name: string,
  { runtime = "node", args = [] }: Omit<StartOptions, "data"> = {},
): Promise<Program> {
  const url = `ws://127.0.0.1:${port}/chsk`;
  const terminal = start("terminal", { runtime, args: ["--url", url, "--name", name, ...args] });
  await terminal.line("* you are in #");
  return terminal;
}
