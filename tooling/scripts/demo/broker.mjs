// The broker of a demo: a redis-server or a nats-server of this machine, on a free port, which keeps nothing.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { findBroker } from "../brokers.mjs";
import { findFreePort, isListening } from "../ports.mjs";

const brokers = {
  redis: (port, folder) => [
    "--port",
    `${port}`,
    "--bind",
    "127.0.0.1",
    "--save",
    "",
    "--appendonly",
    "no",
    "--dir",
    folder,
  ],
  nats: (port, folder) => ["-js", "-sd", folder, "-p", `${port}`, "-a", "127.0.0.1"],
};

/** Starts the first that there is; its address, and how to end it. Throws with one line that says what to install. */
export async function startBroker() {
  const name = Object.keys(brokers).find((one) => findBroker(`${one}-server`) !== undefined);
  if (name === undefined) {
    throw new Error(
      "several servers need a broker: install redis-server or nats-server (on Debian: apt install redis-server)",
    );
  }
  const folder = mkdtempSync(join(tmpdir(), "sente-lite-broker-"));
  const port = await findFreePort();
  const child = spawn(findBroker(`${name}-server`), brokers[name](port, folder), { stdio: "ignore" });
  const end = () => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", end);
  while (!(await isListening(port))) {
    if (child.exitCode !== null) throw new Error(`${name}-server ended with ${child.exitCode}`);
    await wait(50);
  }
  return {
    name,
    url: `${name}://127.0.0.1:${port}`,
    stop: async () => {
      const closed = once(child, "close");
      end();
      await closed;
    },
  };
}
