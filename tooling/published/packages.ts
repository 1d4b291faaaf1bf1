import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { pnpm, root } from "../scripts/run.mjs";
import { listPublished } from "../scripts/workspace.mjs";

/** The packages that are published, by their folders. */
export const published: readonly string[] = listPublished().map(({ folder }) => basename(folder));

/** Packs every package as it was built, and resolves to the tarballs. */
export async function packAll(folder: string): Promise<readonly string[]> {
  const built = published.filter((name) => name !== "cljs");
  const unbuilt = built.filter((name) => !existsSync(join(root, "packages", name, "dist/index.d.ts")));
  if (unbuilt.length > 0) throw new Error(`not built: ${unbuilt.join(", ")}. Run pnpm build`);
  const tarballs: string[] = [];
  for (const name of published) {
    const tarball = join(folder, `${name}.tgz`);
    await pnpm(["pack", "--out", tarball], { cwd: join(root, "packages", name), quiet: true });
    tarballs.push(tarball);
  }
  return tarballs;
}
