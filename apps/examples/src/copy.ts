import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const examples = fileURLToPath(new URL("..", import.meta.url));
const packages = fileURLToPath(new URL("../../../packages", import.meta.url));
const copies = new Set<string>();

/**
 * A copy of an example that a test may change, as a project of its own. Our packages are installed there as they were
 * built; bundlers take what is linked, as everywhere else in this repository, for sources.
 */
export async function copyOf(name: string): Promise<string> {
  const folder = await mkdtemp(join(examples, `.copy-${name}-`));
  copies.add(folder);
  await cp(join(examples, name), folder, {
    recursive: true,
    filter: (path) => !/[\\/](node_modules|\.next)$/.test(path),
  });
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  for (const one of ["browser", "node", "protocol"]) {
    for (const part of ["package.json", "dist"]) {
      await cp(join(packages, one, part), join(folder, "node_modules/@sente-lite", one, part), { recursive: true });
    }
  }
  return folder;
}

/** Removes the copies. */
export async function removeCopies(): Promise<void> {
  await Promise.all([...copies].map((folder) => rm(folder, { recursive: true, maxRetries: 5 })));
  copies.clear();
}
