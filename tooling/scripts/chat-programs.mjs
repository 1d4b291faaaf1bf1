// How the chat's programs are started on each runtime.
import { delimiter, join } from "node:path";
import { serverRuntimes } from "../../packages/conformance/src/runtimes.mjs";
import { root } from "./run.mjs";
import { runtimePath, runtimes } from "./runtimes.mjs";

const dist = join(root, "apps/chat/dist");

/** What a runtime that asks lets each of them do: nothing that is not named here. The packages are read as its modules. */
const permissions = {
  server: ({ data }, args) => [
    "--allow-net",
    // What reaches a broker looks there.
    ...(args.includes("--node") ? ["--allow-env"] : []),
    `--allow-read=${[join(dist, "page"), ...(data === undefined ? [] : [data])].join(",")}`,
    ...(data === undefined ? [] : [`--allow-write=${data}`]),
  ],
  terminal: () => ["--allow-net", "--allow-env=USER,NO_COLOR,TERM"],
  guest: () => ["--allow-net"],
};

/** The programs that there are in ClojureScript too, run by nbb on Node. */
const inNbb = ["server", "terminal"];

function nbbProgram(name, args) {
  const classpath = [join(root, "packages/cljs/src"), join(root, "apps/nbb/src")].join(delimiter);
  const nbb = [join(root, "node_modules/nbb/cli.js"), "--classpath", classpath];
  return { command: runtimePath("node"), args: [...nbb, join(root, "apps/nbb/src", `${name}.cljs`), ...args] };
}

/**
 * The command and the arguments that start a program of the chat: "server", "terminal" or "guest", or what serves the page
 * in Scittle. `data` is the folder
 * in which a server keeps what was said; without it, it keeps nothing.
 * @param {"server" | "terminal" | "guest" | "scittle"} name
 * @param {string} runtime
 * @param {readonly string[]} [args]
 * @param {{ readonly data?: string }} [options]
 * @returns {{ readonly command: string, readonly args: string[] }}
 */
export function chatProgram(name, runtime, args = [], options = {}) {
  if (name === "scittle") return { command: process.execPath, args: [join(root, "apps/scittle/serve.mjs"), ...args] };
  if (runtime === "nbb" && inNbb.includes(name)) return nbbProgram(name, args);
  if (!runtimes.includes(runtime))
    throw new Error(`there is no ${name} for ${runtime}; there are ${runtimes.join(", ")}`);
  const { run, net } = serverRuntimes[runtime];
  const flags = [...run, ...(net.length === 0 ? [] : permissions[name](options, args))];
  const data = options.data === undefined ? [] : ["--data", options.data];
  return { command: runtimePath(runtime), args: [...flags, join(dist, `${name}-${runtime}.js`), ...data, ...args] };
}
