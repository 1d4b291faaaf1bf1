// pnpm demo [--server node|bun|deno | --nodes N] [--port 3000] [--host 127.0.0.1] [--data DIR | --memory] [--alone]
// Builds, and serves the chat until Ctrl-C, with a guest on each of the other runtimes. With --nodes by so many servers, on all
// runtimes in turn, behind a balancer, with a broker between them.
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { chatProgram } from "./chat-programs.mjs";
import { become } from "./child.mjs";
import { claim } from "./claim.mjs";
import { startBalancer } from "./demo/balancer.mjs";
import { startBroker } from "./demo/broker.mjs";
import { startNodes } from "./demo/nodes.mjs";
import { seconds } from "./run.mjs";
import { runtimes } from "./runtimes.mjs";

/** More would only wait for each other on one machine. */
const MAX_NODES = 9;

const args = readArguments();
const begun = performance.now();
console.log("building packages ...");
try {
  await build("@sente-lite/chat");
} catch (error) {
  console.error(error.message);
  console.error("the demo cannot start: the build failed (see above)");
  process.exit(1);
}
const built = `built in ${seconds(performance.now() - begun)}`;
if (args.nodes === undefined) serveAlone();
else await serveByNodes(args.nodes);

function serveAlone() {
  console.log(`${built}; starting the chat on ${args.server} (Ctrl-C ends it)`);
  const data = dataFolder();
  const passed = [
    "--demo",
    ...(args.port === undefined ? [] : ["--port", args.port]),
    ...(args.host === undefined ? [] : ["--host", args.host]),
  ];
  const { command, args: given } = chatProgram("server", args.server, passed, data === undefined ? {} : { data });
  let isInvited = args.alone;
  become(command, given, {
    stdio: ["inherit", "pipe", "inherit"],
    // The page of a demo has a button that restarts the server.
    again: 75,
    started: (server) => {
      createInterface({ input: server.stdout }).on("line", (line) => {
        console.log(line);
        const [, url] = /^chat: (http\S+)$/.exec(line) ?? [];
        if (url === undefined || isInvited) return;
        isInvited = true;
        invite(url);
      });
    },
  });
}

async function serveByNodes(count) {
  const host = args.host ?? "127.0.0.1";
  try {
    const broker = await startBroker();
    console.log(`${built}; starting the chat on ${count} servers and ${broker.name} (Ctrl-C ends them)`);
    const nodes = await startNodes(count, broker.url, (line) => console.log(`chat: ${line}`));
    const { port } = await startBalancer(nodes, { port: Number(args.port ?? 3000), host });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
      process.once(signal, async () => {
        await nodes.stop();
        process.exit(0);
      });
    }
    const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}/`;
    console.log(`chat: ${url}`);
    if (!args.alone) invite(url);
  } catch (error) {
    console.error(`the demo cannot start: ${error.message}`);
    process.exit(1);
  }
}

/** Starts a guest on each of the other runtimes. They end with their input, which ends with us, however we end. */
function invite(url) {
  const address = new URL("chsk", url.replace(/^http/, "ws"));
  // A server on every address is to be had on this one.
  if (["0.0.0.0", "[::]"].includes(address.hostname)) address.hostname = "127.0.0.1";
  for (const runtime of runtimes.filter((name) => name !== args.server)) {
    try {
      const guest = chatProgram("guest", runtime, ["--url", String(address)]);
      spawn(guest.command, guest.args, { stdio: ["pipe", "ignore", "inherit"] }).on("error", (error) =>
        reportAbsent(runtime, error),
      );
    } catch (error) {
      reportAbsent(runtime, error);
    }
  }
}

function reportAbsent(runtime, error) {
  console.error(`no guest on ${runtime}: ${error.message}`);
}

/** Where the server keeps what was said: by default in the first folder of the system's temporary one that no other demo has. */
function dataFolder() {
  if (args.memory) return undefined;
  if (args.data !== undefined) {
    mkdirSync(args.data, { recursive: true });
    return resolve(args.data);
  }
  try {
    return claim(join(tmpdir(), "sente-lite-chat"));
  } catch (error) {
    console.error(`nothing will be kept: ${error.message}`);
    return undefined;
  }
}

function readArguments() {
  try {
    const { values } = parseArgs({
      args: process.argv.slice(2).filter((arg) => arg !== "--"),
      options: {
        server: { type: "string", default: "node" },
        nodes: { type: "string" },
        port: { type: "string" },
        host: { type: "string" },
        data: { type: "string" },
        memory: { type: "boolean", default: false },
        alone: { type: "boolean", default: false },
      },
    });
    if (!runtimes.includes(values.server)) throw new Error(`--server: one of ${runtimes.join(", ")}`);
    const nodes = values.nodes === undefined ? undefined : Number(values.nodes);
    if (nodes !== undefined && !(Number.isInteger(nodes) && nodes >= 1 && nodes <= MAX_NODES)) {
      throw new Error(`--nodes: 1 to ${MAX_NODES}`);
    }
    return { ...values, nodes };
  } catch (error) {
    console.error(error.message);
    process.exit(2);
  }
}
