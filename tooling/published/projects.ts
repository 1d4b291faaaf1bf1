import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pnpm, run } from "../scripts/run.mjs";
import { runtimePath } from "../scripts/runtimes.mjs";

/** The programs that install packages. */
export type Manager = "npm" | "pnpm" | "bun" | "deno";

/**
 * The environment of a user's shell: nothing of the package manager that runs these tests, and empty caches, as what
 * they hold for another run's registry would be found there.
 */
export function userEnv(caches: string): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|pnpm_|vitest|node_env$|node_options$)/i.test(name),
  );
  return {
    ...Object.fromEntries(own),
    NO_COLOR: "1",
    npm_config_cache_dir: join(caches, "pnpm"),
    BUN_INSTALL_CACHE_DIR: join(caches, "bun"),
    DENO_DIR: join(caches, "deno"),
    DENO_NO_UPDATE_CHECK: "1",
  };
}

/** Makes an empty project that has a registry and nothing else, and installs a package there as its page says. */
export async function install(
  project: string,
  manager: Manager,
  /** The package, as its folder. */
  what: string,
  registry: string,
): Promise<void> {
  const caches = join(project, "../caches");
  mkdirSync(project);
  writeFileSync(join(project, ".npmrc"), `registry=${registry}\n`);
  if (manager !== "deno") {
    writeFileSync(join(project, "package.json"), JSON.stringify({ name: "user", private: true, type: "module" }));
  }
  const name = `@sente-lite/${what}`;
  const env = userEnv(caches);
  const here = { cwd: project, env, quiet: true };
  switch (manager) {
    case "npm":
      await run("npm", ["install", "--no-audit", "--no-fund", "--cache", join(caches, "npm"), name], here);
      break;
    case "pnpm": {
      const stores = ["--store-dir", join(caches, "pnpm-store")];
      // Without what pnpm hoists by default: a package sees its own dependencies alone.
      const strict = [
        "--config.node-linker=isolated",
        "--config.hoist=false",
        "--config.strict-peer-dependencies=true",
      ];
      await pnpm(["--dir", project, "add", ...stores, ...strict, name], { env, quiet: true });
      break;
    }
    case "bun":
      await run(runtimePath("bun"), ["add", name], here);
      break;
    case "deno":
      writeFileSync(join(project, "deno.json"), JSON.stringify({ nodeModulesDir: "auto" }));
      await run(runtimePath("deno"), ["add", `npm:${name}`], here);
      break;
  }
}

/** The names of the packages in a node_modules, scopes opened; without what managers keep for themselves. */
function namesIn(modules: string): readonly string[] {
  return readdirSync(modules)
    .filter((name) => !name.startsWith("."))
    .flatMap((name) =>
      name.startsWith("@") ? readdirSync(join(modules, name)).map((one) => `${name}/${one}`) : [name],
    )
    .sort();
}

/** What a program of this project can import: the packages at the top of its node_modules. */
export function importable(project: string): readonly string[] {
  return namesIn(join(project, "node_modules"));
}

/** Every package that is anywhere in the project's node_modules, by the name in its own package.json. */
export function present(project: string): readonly string[] {
  const found: string[] = [];
  for (const entry of readdirSync(join(project, "node_modules"), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name !== "package.json") continue;
    if (!/[\\/]node_modules[\\/](@[^\\/]+[\\/])?[^\\/]+$/.test(entry.parentPath)) continue;
    found.push(JSON.parse(readFileSync(join(entry.parentPath, entry.name), "utf8")).name);
  }
  return found.sort();
}
