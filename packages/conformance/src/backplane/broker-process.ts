import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How the program of a broker is started. */
export interface BrokerProgram {
  readonly command: string;
  readonly args: (port: number, folder: string) => readonly string[];
  /** What lies in its folder, where it runs, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** What it prints when it takes connections. */
  readonly ready: RegExp;
}

/** A broker of our own on 127.0.0.1, with a folder that goes with it. */
export class BrokerProcess {
  readonly port: number;
  readonly #program: BrokerProgram;
  #folder = "";
  #child: ChildProcess | undefined;

  private constructor(program: BrokerProgram, port: number) {
    this.#program = program;
    this.port = port;
  }

  static async start(program: BrokerProgram): Promise<BrokerProcess> {
    const broker = new BrokerProcess(program, await freePort());
    await broker.#start();
    return broker;
  }

  /** As after a power cut without a disk: nothing that it had is there any more. */
  async restart(): Promise<void> {
    await this.stop();
    await this.#start();
  }

  signal(name: "SIGSTOP" | "SIGCONT"): void {
    this.#child?.kill(name);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #start(): Promise<void> {
    const { command, args, files = {}, ready } = this.#program;
    this.#folder = await mkdtemp(join(tmpdir(), "sente-lite-broker-"));
    for (const [name, text] of Object.entries(files)) await writeFile(join(this.#folder, name), text);
    const child = spawn(command, [...args(this.port, this.#folder)], {
      cwd: this.#folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      let said = "";
      const hear = (chunk: Buffer) => {
        said += chunk.toString();
        if (ready.test(said)) resolve();
      };
      child.stdout?.on("data", hear);
      child.stderr?.on("data", hear);
      child.on("error", reject);
      child.on("exit", () => reject(new Error(`${command} ended:\n${said}`)));
    });
  }
}

/** A port that nobody had a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
