import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { runArgs, runtimePath } from "../../../../tooling/scripts/runtimes.mjs";
import { Mailbox } from "../mailbox.ts";

import type { ServerName } from "../runtimes.mjs";

/** How a node in a process of its own is started. */
export interface NodeProcessOptions {
  readonly name: "redis" | "nats";
  readonly id: string;
  readonly port: number;
  readonly prefix: string;
  readonly runtime?: ServerName;
  readonly leaseMs?: number;
  /** How far its wall clock is off. */
  readonly clockMs?: number;
}

/** A node in a process of its own: `node.mjs`, on any runtime. */
export class NodeProcess {
  readonly #child: ChildProcess;
  readonly #lines = new Mailbox<string>("a node", (line) => line);

  private constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout !== null) createInterface(child.stdout).on("line", (line) => this.#lines.push(line));
    child.on("exit", () => this.#lines.end("it has ended"));
  }

  static async start({ runtime = "node", ...options }: NodeProcessOptions): Promise<NodeProcess> {
    const file = fileURLToPath(new URL("node.mjs", import.meta.url));
    const child = spawn(runtimePath(runtime), [...runArgs(runtime, "all"), file, JSON.stringify(options)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const started = new NodeProcess(child);
    await started.line("ready", 20_000);
    return started;
  }

  /** Has it do something; resolves to what it says of that. */
  async do(...words: readonly unknown[]): Promise<unknown> {
    this.#child.stdin?.write(`${JSON.stringify(words)}\n`);
    const line = await this.#lines.next((one) => one.startsWith("done ") || one.startsWith("failed-to "));
    if (line.startsWith("failed-to ")) throw new Error(line);
    return JSON.parse(line.slice("done ".length));
  }

  /** Resolves when it says that, of what it heard. */
  async line(wanted: string, patienceMs?: number): Promise<void> {
    await this.#lines.next((line) => line === wanted, patienceMs);
  }

  /** All that it said. */
  get lines(): readonly string[] {
    return this.#lines.all;
  }

  signal(name: "SIGSTOP" | "SIGCONT" | "SIGKILL"): void {
    this.#child.kill(name);
  }

  /** Tells it no more; resolves when it has ended by itself. */
  async end(patienceMs: number): Promise<void> {
    const exited = once(this.#child, "exit", { signal: AbortSignal.timeout(patienceMs) });
    this.#child.stdin?.end();
    await exited;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }
}
