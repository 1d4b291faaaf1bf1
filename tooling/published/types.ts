import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newestTsc, run } from "../scripts/run.mjs";
import { runtimePath } from "../scripts/runtimes.mjs";
import { userEnv } from "./projects.ts";

const client = `
const client = makeChannelSocketClient("ws://127.0.0.1/chsk", { params: { uid: "ann" } });
const stop: () => void = client.chRecv.on("chat/message", ({ data }) => String(data));
const isOpen: boolean = client.state.get().open;
const reply: Promise<unknown> = client.requestFn(["chat/send", { text: String(isOpen) }]);
export const done: Promise<void> = reply.then(() => stop());
// @ts-expect-error An event is an array.
client.requestFn("chat/send");
`;

const server = `
const server = makeChannelSocketServer({ userIdFn: ({ url }) => url.searchParams.get("uid") });
startRouter(server, { "chat/send": ({ uid, data }) => server.broadcastFn(["chat/message", { from: uid, data }]) });
`;

/** A program that uses a package as the README does, and imports every entry of it. */
function programFor(project: string, runtime: string): string {
  const name = `@sente-lite/${runtime}`;
  const manifest = readFileSync(join(project, "node_modules", name, "package.json"), "utf8");
  const entries = Object.keys(JSON.parse(manifest).exports).filter((entry) => !/^\.$|package\.json$/.test(entry));
  const all = entries.map((entry, index) => `export * as entry${index} from "${name}${entry.slice(1)}";\n`).join("");
  const names = runtime === "browser" ? "" : ", makeChannelSocketServer, startRouter";
  const mine = runtime === "browser" ? client : client + server;
  return `import { makeChannelSocketClient${names} } from "${name}";\n${all}${mine}`;
}

/** How projects are compiled: as Node's, with a bundler, and as `bun init` has it. */
const resolutions = {
  nodenext: { module: "nodenext", moduleResolution: "nodenext", target: "es2022", lib: ["es2022"] },
  bundler: { module: "esnext", moduleResolution: "bundler", target: "es2022", lib: ["es2022"] },
  bun: { module: "preserve", moduleResolution: "bundler", target: "esnext", lib: ["esnext"] },
} as const;

export type Resolution = keyof typeof resolutions;

/** Compiles the program with the newest tsc (compilers.ts has the others): every .d.ts is checked, and no types are there but the language's. */
export async function compile(project: string, runtime: string, resolution: Resolution): Promise<void> {
  writeFileSync(join(project, "program.mts"), programFor(project, runtime));
  const strict = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    skipLibCheck: false,
    types: [],
    noEmit: true,
  };
  const config = join(project, `tsconfig.${resolution}.json`);
  writeFileSync(
    config,
    JSON.stringify({ compilerOptions: { ...strict, ...resolutions[resolution] }, files: ["program.mts"] }),
  );
  await run(process.execPath, [newestTsc, "-p", config, "--pretty", "false"], { quiet: true });
}

/** Checks the program with Deno's own compiler. */
export async function denoCheck(project: string, runtime: string): Promise<void> {
  writeFileSync(join(project, "program.mts"), programFor(project, runtime));
  const env = userEnv(join(project, "../caches"));
  await run(runtimePath("deno"), ["check", "program.mts"], { cwd: project, env, quiet: true });
}
