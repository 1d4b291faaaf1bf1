// How the chat's programs are started on each runtime.
import { join } from "node:path";
import { root } from "./run.mjs";
import { runtimePath } from "./runtimes.mjs";

const dist = join(root, "apps/chat/dist");

/** What Deno lets each of them do: nothing that is not named here. The packages are read as its modules. */
const denoPermissions = {
  server: ({ data }) => [
    "--allow-net",
    `--allow-read=${[join(dist, "page"), ...(data === undefined ? [] : [data])].join(",")}`,
    ...(data === undefined ? [] : [`--allow-write=${data}`]),
  ],
  terminal: () => ["--allow-net", "--allow-env=USER,NO_COLOR,TERM"],
  guest: () => ["--allow-net"],
};

/**
 * The command and the arguments that start a program of the chat: "server", "terminal" or "guest". `data` is the folder
 * in which a server keeps what was said; without it, it keeps nothing.
 * @param {"server" | "terminal" | "guest"} name
 * @param {string} runtime
 * @param {readonly string[]} [args]
 * @param {{ readonly data?: string }} [options]
 * @returns {{ readonly command: string, readonly args: string[] }}
 */
export function chatProgram(name, runtime, args = [], options = {}) {
  const flags = {
    node: [],
    bun: ["run"],
    deno: ["run", "--no-prompt", ...denoPermissions[name](options)],
  }[runtime];
  if (flags === undefined) throw new Error(`there is no ${name} for ${runtime}; there are node, bun, deno`);
  const data = options.data === undefined ? [] : ["--data", options.data];
  return { command: runtimePath(runtime), args: [...flags, join(dist, `${name}-${runtime}.js`), ...data, ...args] };
}
