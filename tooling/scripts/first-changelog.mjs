// The first changelog of a package: what it is, and not what changed before anybody had it.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { workspacePackages } from "./workspace.mjs";

/**
 * To be called before the changesets are applied; what it returns, after that. The changelog of a package that had no
 * version yet then has one entry, the text of `.changeset/first-release-NAME.md`. Throws where that file is missing.
 */
export function foldFirst(top) {
  const first = workspacePackages(top)
    .filter(({ manifest }) => !manifest.private && manifest.version === "0.0.0")
    .map(({ name, folder }) => {
      const changeset = readFileSync(join(top, `.changeset/first-release-${name.replace(/.*\//, "")}.md`), "utf8");
      return { name, folder, text: changeset.replace(/^---\n.*?\n---\n/s, "").trim() };
    });
  return () => {
    for (const { name, folder, text } of first) {
      const { version } = JSON.parse(readFileSync(join(top, folder, "package.json"), "utf8"));
      writeFileSync(join(top, folder, "CHANGELOG.md"), `# ${name}\n\n## ${version}\n\n${text}\n`);
    }
  };
}
