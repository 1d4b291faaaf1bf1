// The processes of abuse.mjs, each on the core that it is given: the servers that are measured have one to themselves, and the 99,
// the flooder and a server that is flooded in place of the measured one share the other. So what the flooder itself takes of the
// machine is nothing that the server lacks. Where there is no taskset, or one core alone, nobody is bound to any.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { availableParallelism, constants } from "node:os";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { testedServers } from "../../../packages/conformance/src/runtimes.mjs";
import { runArgs, runtimePath } from "../../scripts/runtimes.mjs";
import { configure } from "./nginx.mjs";

const SERVER_CORE = "0";
const OTHER_CORE = "1";

const fileOf = (name) => fileURLToPath(new URL(name, import.meta.url));
const pinsSelf = () => spawnSync("taskset", ["-a", "-p", "-c", OTHER_CORE, String(process.pid)]).status === 0;

/** True where the processes are bound to cores. Asked once, it binds this one. */
export const isPinned = availableParallelism() > 1 && pinsSelf();

/** Starts a program on a core, and returns the lines of JSON that it prints one by one. */
function run(core, [program, ...args]) {
  const [command, ...rest] = isPinned ? ["taskset", "-c", core, program, ...args] : [program, ...args];
  const child = spawn(command, rest, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value);
  const stop = async () => {
    child.stdin.end();
    if (child.exitCode === null) await once(child, "exit");
  };
  return { child, next, stop };
}

/** Starts a file of this folder for one of `testedServers`; `isAside`: it is not the one that is measured. */
export async function startServer(name, file, args, { isAside = false } = {}) {
  const { package: of, runtime } = testedServers[name];
  const slow = isAside ? ["nice", "-n", String(constants.priority.PRIORITY_LOW)] : [];
  const command = [...slow, runtimePath(runtime), ...runArgs(runtime, "all"), fileOf(file), of, ...args];
  const { child, next, stop } = run(isAside ? OTHER_CORE : SERVER_CORE, command);
  const { port } = await next();
  const usage = async () => {
    child.stdin.write("usage\n");
    return (await next()).cpu;
  };
  return { port, usage, stop };
}

/** Starts nginx before a server, where there is one on this machine. */
export async function startNginx(serverPort) {
  const { port, args, remove } = await configure(serverPort);
  const { child } = run(OTHER_CORE, ["nginx", ...args]);
  const ended = once(child, "exit");
  for (let tries = 0; !(await listens(port)); tries++) {
    if (tries === 250 || child.exitCode !== null) throw new Error("nginx did not start");
    await wait(20);
  }
  const stop = async () => {
    child.kill();
    await ended;
    remove();
  };
  return { port, stop };
}

async function listens(port) {
  const socket = connect(port, "127.0.0.1");
  const isOpen = await once(socket, "connect").then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isOpen;
}

/** Starts the flooder; resolves when it begins. */
export async function startFlood(port, kind) {
  const { next, stop } = run(OTHER_CORE, [process.execPath, fileOf("flood.mjs"), String(port), kind]);
  await next();
  return { stop };
}
