import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "vitest";
import type { ServerName } from "../../packages/conformance/src/runtimes.mjs";
import { type Snippet, snippetsOf } from "../docs/snippets.ts";
import { moduleName, moduleOf } from "../docs/typescript.ts";
import { root } from "../scripts/run.mjs";
import { runArgs, runtimePath } from "../scripts/runtimes.mjs";
import { userEnv } from "./projects.ts";

const snippets = snippetsOf(readFileSync(join(root, "README.md"), "utf8"));

/** A block of code of the README. */
export function snippet(name: string): Snippet {
  const found = snippets.find((one) => one.name === name);
  if (found === undefined) throw new Error(`the README has no ${name}`);
  return found;
}

/** A port of 127.0.0.1 that nothing listens on. */
async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

/** The program as the runtime runs it: Node 20 runs no TypeScript. */
function writeProgram(project: string, runtime: ServerName, { name, code }: Pick<Snippet, "name" | "code">): string {
  const file = runtime === "node" ? moduleName(name) : name;
  writeFileSync(join(project, file), runtime === "node" ? moduleOf(code) : code);
  return file;
}

function start(project: string, runtime: ServerName, name: string, code: string): ChildProcess {
  const file = writeProgram(project, runtime, { name, code });
  return spawn(runtimePath(runtime), [...runArgs(runtime, "net"), file], {
    cwd: project,
    env: userEnv(join(project, "../caches")),
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** The first lines of what a program prints; fewer where it ends before. */
async function linesOf(child: ChildProcess, count = Number.POSITIVE_INFINITY): Promise<string[]> {
  const lines: string[] = [];
  if (child.stdout === null) throw new Error("no output");
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === count) break;
  }
  return lines;
}

/**
 * Runs a server of the README and its client in a project, with the runtime's own package, and resolves to what the
 * client printed, by `inOneLine`. The server prints what the README says.
 */
export async function runExample(project: string, runtime: ServerName, serverName: string): Promise<string> {
  const port = String(await findFreePort());
  const here = (code: string) => code.replaceAll("3000", port).replace("@sente-lite/node", `@sente-lite/${runtime}`);
  const ofServer = snippet(serverName);
  const ofClient = snippet("client.ts");

  const server = start(project, runtime, ofServer.name, here(ofServer.code));
  try {
    expect(await linesOf(server, ofServer.prints.length)).toEqual(ofServer.prints.map(here));
    const client = start(project, runtime, ofClient.name, here(ofClient.code));
    const closed = once(client, "close");
    const lines = await linesOf(client);
    expect(await closed).toEqual([0, null]);
    return joinLines(lines);
  } finally {
    server.kill("SIGKILL");
    if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
  }
}

const nbb = [join(root, "node_modules/nbb/cli.js"), "--classpath", "node_modules/@sente-lite/cljs/src"];

/** Runs the first example of a package's own README in a project; resolves to what it printed, and should have. */
export async function runOwnExample(
  project: string,
  name: string,
  on: ServerName | "nbb",
): Promise<{ readonly printed: readonly string[]; readonly prints: readonly string[] }> {
  const [example] = snippetsOf(readFileSync(join(root, "packages", name, "README.md"), "utf8"));
  if (example === undefined) throw new Error(`the README of ${name} has no example`);
  if (on === "nbb") writeFileSync(join(project, example.name), example.code);
  const [runtime, args, file] =
    on === "nbb" ? ["node", nbb, example.name] : [on, runArgs(on, "net"), writeProgram(project, on, example)];
  const child = spawn(runtimePath(runtime), [...args, file], {
    cwd: project,
    env: userEnv(join(project, "../caches")),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  const lines = await linesOf(child);
  expect(await closed).toEqual([0, null]);
  return { printed: lines, prints: example.prints };
}

/** What was printed as one line: objects, which Bun prints over several lines, as Node does it. */
export function joinLines(lines: readonly string[]): string {
  return lines
    .map((line) => line.trim())
    .join(" ")
    .replaceAll(", }", " }");
}
