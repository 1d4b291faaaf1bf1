import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "../scripts/run.mjs";
import { consumer } from "./consumer.ts";

const strict = { strict: true, module: "esnext", moduleResolution: "bundler" };
/** As Next writes it. */
const lax = { strict: false, strictNullChecks: false, module: "esnext", moduleResolution: "bundler" };

/** How users have it switched. */
const settings = {
  strict,
  lax,
  node16: { strict: true, module: "node16", moduleResolution: "node16" },
  nodenext: { strict: true, module: "nodenext", moduleResolution: "nodenext" },
  "strict, without null checks": {
    strict: true,
    strictNullChecks: false,
    module: "nodenext",
    moduleResolution: "nodenext",
  },
} as const;

export type Setting = keyof typeof settings;

/**
 * The compilers that are known to work, by their version, as the devDependencies of tooling have them, and with which
 * settings each is tried: the newest, which is fast, with all.
 */
export const compilers: Readonly<Record<string, readonly Setting[]>> = {
  "5.4": ["strict", "lax"],
  "5.6": ["strict", "lax"],
  "5.9": ["strict", "lax"],
  "6.0": ["strict", "lax"],
  "7.0": Object.keys(settings) as Setting[],
};

/** Where a compiler is, but for those that are named by their version: that of the builds. */
const folders: Readonly<Record<string, string>> = { "5.9": "typescript" };

export function writeConsumer(project: string): void {
  writeFileSync(join(project, "consumer.mts"), consumer);
}

/** Compiles the consumer with every .d.ts that it reaches, and no types but the language's. */
export async function compileWith(compiler: string, project: string, setting: Setting): Promise<void> {
  const config = join(project, `tsconfig.${compiler}.${setting}.json`);
  const common = {
    target: "es2022",
    lib: ["es2022", "esnext.disposable"],
    types: [],
    skipLibCheck: false,
    noEmit: true,
  };
  const compilerOptions = { ...common, ...settings[setting] };
  writeFileSync(config, JSON.stringify({ compilerOptions, files: ["consumer.mts"] }));
  const tsc = join(root, "tooling/node_modules", folders[compiler] ?? `typescript-${compiler}`, "bin/tsc");
  await run(process.execPath, [tsc, "-p", config, "--pretty", "false"], { quiet: true });
}
