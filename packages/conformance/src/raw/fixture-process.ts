import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Mailbox } from "../mailbox.ts";

/** A line that a fixture printed, as `fixture/server-script.ts` and `client-script.ts` say. */
export interface FixtureLine {
  readonly listening?: number;
  readonly pid?: number;
  readonly event?: readonly [string, unknown?];
  readonly uid?: string | null;
  readonly clientId?: string;
  readonly wantsReply?: boolean;
  readonly error?: { readonly code: string; readonly message: string; readonly source?: string | null } | string;
  readonly state?: Readonly<Record<string, unknown>>;
  readonly tag?: unknown;
  readonly reply?: unknown;
  readonly data?: unknown;
  readonly refused?: unknown;
  readonly ended?: { readonly sessionsLost: number };
}

/** A fixture that runs in a process of its own. What it writes to stderr goes to ours. */
export class FixtureProcess {
  readonly #child: ChildProcess;
  readonly lines: Mailbox<FixtureLine>;
  readonly #listeners = new Set<(line: FixtureLine) => void>();

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, [...args], { stdio: ["pipe", "pipe", "pipe"] });
    const name = args.join(" ").replace(/^\S*\//, "");
    this.lines = new Mailbox<FixtureLine>(name);
    let complaints = "";
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      complaints = (complaints + text).slice(-4_000);
    });
    let rest = "";
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      // A process that was killed while it wrote leaves part of a line, which is none.
      rest = lines.pop() ?? "";
      for (const line of lines) this.#takeLine(line);
    });
    this.#child.once("close", (code, signal) => this.lines.end(`ended with ${code ?? signal}\n${complaints}`));
    this.#child.once("error", (error) => this.lines.end(error.message));
  }

  #takeLine(text: string): void {
    const line = JSON.parse(text) as FixtureLine;
    this.lines.push(line);
    for (const listener of this.#listeners) listener(line);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Hears every line as it comes. */
  onLine(listener: (line: FixtureLine) => void): void {
    this.#listeners.add(listener);
  }

  /** Writes a command, for client fixtures. */
  tell(command: Readonly<Record<string, unknown>>): void {
    this.write(`${JSON.stringify(command)}\n`);
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  endInput(): void {
    this.#child.stdin?.end();
  }

  /** Resolves to its exit code when it has ended by itself. */
  async waitForEnd(): Promise<number | null> {
    if (this.isRunning) await once(this.#child, "close");
    return this.#child.exitCode;
  }

  /** Asks it to end (SIGTERM); resolves to its exit code. */
  async stop(): Promise<number | null> {
    return await this.#end("SIGTERM");
  }

  /** Stops it where it stands, or has it go on. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#child.kill(signal);
  }

  /** Ends it at once (SIGKILL). */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.isRunning) {
      const ended = once(this.#child, "close");
      this.#child.kill(signal);
      await ended;
    }
    return this.#child.exitCode;
  }
}
