// The servers of a demo over several nodes, each a process that is started again when it ends.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { chatProgram } from "../chat-programs.mjs";
import { runtimes } from "../runtimes.mjs";

/** So long a server that ended stays away, for people to see what that does. */
const AWAY_MS = 2_000;
/** So long one may take to end with the demo. */
const END_MS = 3_000;

const isRunning = ({ exitCode, signalCode }) => exitCode === null && signalCode === null;

/**
 * Starts so many servers, on all runtimes in turn, that share a broker. Resolves once all of them listen.
 * @param {number} count
 * @param {string} broker The address of the broker.
 * @param {(line: string) => void} log
 */
export async function startNodes(count, broker, log) {
  const key = randomBytes(16).toString("hex");
  let isEnding = false;

  const nodes = Array.from({ length: count }, (_, index) => {
    const runtime = runtimes[index % runtimes.length];
    return { name: `${runtime}-${index + 1}`, runtime, state: "starting", port: 0, child: undefined };
  });

  const start = (node) =>
    new Promise((up) => {
      node.state = "starting";
      const args = ["--port", "0", "--node", node.name, "--broker", broker, "--key", key];
      const program = chatProgram("server", node.runtime, args);
      node.child = spawn(program.command, program.args, { stdio: ["ignore", "pipe", "inherit"] });
      node.child.on("error", (error) => log(`${node.name} cannot be run: ${error.message}`));
      createInterface({ input: node.child.stdout }).on("line", (line) => {
        const [, url] = /^chat: (http\S+)$/.exec(line) ?? [];
        if (url === undefined) return;
        node.port = Number(new URL(url).port);
        node.state = "up";
        log(`${node.name} is up`);
        up(undefined);
      });
      node.child.once("close", (code, signal) => {
        node.state = "down";
        if (isEnding) return;
        log(`${node.name} ended (${signal ?? code}), and starts again`);
        setTimeout(() => isEnding || start(node).then(up), AWAY_MS);
      });
    });
  await Promise.all(nodes.map(start));

  const end = (name, signal, state) => {
    const node = nodes.find((one) => one.name === name);
    if (node?.state !== "up") return false;
    node.state = state;
    return node.child.kill(signal);
  };
  return {
    list: () => nodes.map(({ name, runtime, state, port }) => ({ name, runtime, state, port })),
    restart: (name) => end(name, "SIGTERM", "draining"),
    kill: (name) => end(name, "SIGKILL", "down"),
    /** Resolves once all have ended, each as in a deploy, or were made to. */
    stop: async () => {
      isEnding = true;
      const left = nodes.map(({ child }) => child).filter((child) => child !== undefined && isRunning(child));
      const ended = Promise.all(left.map((child) => once(child, "close")));
      for (const child of left) child.kill("SIGTERM");
      const timer = setTimeout(() => left.map((child) => child.kill("SIGKILL")), END_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}
