import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runtimePath } from "../../../../tooling/scripts/runtimes.mjs";
import type { OptionValue } from "../fixture/arguments.ts";
import { type FixtureLine, FixtureProcess } from "../raw/fixture-process.ts";
import { type ServerName, serverNames, serverRuntimes, type TestedServer, testedServers } from "../runtimes.mjs";
import type { RunningServer, ServerStart } from "./target.ts";

/** Starting a process may take long where many run. */
const START_MS = 20_000;

/** How fixtures are run: `command ...args dist/fixture-server-RUNTIME.js`. Mostly by the runtime whose package is in them. */
export interface FixtureCommand {
  readonly runtime: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** With what a server needs, or one that has a broker, and no more. */
export function fixtureOf(runtime: ServerName, needs: "net" | "broker" = "net"): FixtureCommand {
  const { run, [needs]: allowed } = serverRuntimes[runtime];
  return { runtime, command: runtimePath(runtime), args: [...run, ...allowed] };
}

/** The server fixture of one that the suites test. */
export function testedFixtureOf(name: TestedServer): FixtureCommand {
  const { package: of, runtime, allow } = testedServers[name];
  const { command, args } = fixtureOf(runtime);
  return { runtime: of, command, args: [...args, ...allow] };
}

export const fixtures: readonly FixtureCommand[] = serverNames.map((name) => fixtureOf(name));

/** The file that the build makes of a fixture; throws where it was not built. */
export function fixtureFile(kind: "server" | "client", runtime: string): string {
  const file = fileURLToPath(new URL(`../../dist/fixture-${kind}-${runtime}.js`, import.meta.url));
  if (!existsSync(file)) throw new Error(`${file} is missing: build first (pnpm build)`);
  return file;
}

export function fixtureProcess(
  kind: "server" | "client",
  fixture: FixtureCommand,
  args: readonly string[],
): FixtureProcess {
  return new FixtureProcess(fixture.command, [...fixture.args, fixtureFile(kind, fixture.runtime), ...args]);
}

/** Starts the server fixture of a runtime in a process of its own. */
export async function startServer(
  fixture: FixtureCommand,
  start: ServerStart = {},
  onLine: (line: FixtureLine) => void = () => {},
): Promise<RunningServer> {
  const { codec, codecs, port = 0, options = {} } = start;
  const args = ["--port", String(port)];
  if (codec !== undefined) args.push("--codec", codec);
  if (codecs !== undefined) args.push("--codecs", codecs.join(","));
  for (const [name, value] of Object.entries(options)) args.push("--option", `${name}=${textOf(value)}`);
  const child = fixtureProcess("server", fixture, args);
  child.onLine(onLine);
  const { listening } = await child.lines.next((line) => line.listening !== undefined, START_MS);
  if (listening === undefined) throw new Error("the fixture told no port");
  const { hostname = "127.0.0.1" } = options;
  const host = String(hostname).includes(":") ? `[${hostname}]` : hostname;
  return {
    url: `ws://${host}:${listening}/chsk`,
    port: listening,
    events: () => child.lines.all,
    next: (accepts, patienceMs) => child.lines.next(accepts, patienceMs),
    stop: () => child.stop(),
    kill: () => child.kill(),
    signal: async (signal) => child.signal(signal),
  };
}

/** An option as the fixture's command line has it. */
function textOf(value: OptionValue): string {
  return typeof value === "object" && !Array.isArray(value) ? JSON.stringify(value) : String(value);
}
