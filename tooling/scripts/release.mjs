// pnpm release --dry-run: what the next release would be, made in a copy of the last commit; nothing is sent.
// pnpm release: first applies the changesets, for review; run again on the commit of that, it publishes and tags.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pnpm, root, run } from "./run.mjs";
import { workspacePackages } from "./workspace.mjs";

const git = (...args) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();

function changesetsIn(top) {
  return readdirSync(join(top, ".changeset")).filter((file) => file.endsWith(".md"));
}

/** Name and version of each published package. */
function versions(top) {
  const published = workspacePackages(top).filter(({ manifest }) => !manifest.private);
  return new Map(published.map(({ name, manifest }) => [name, manifest.version]));
}

async function dryRun() {
  if (git("status", "--porcelain") !== "") console.log("note: what is not committed is not part of this dry run");
  const copy = join(mkdtempSync(join(tmpdir(), "sente-lite-release-")), "copy");
  try {
    await run("git", ["clone", "--quiet", root, copy]);
    await pnpm(["install", "--frozen-lockfile", "--prefer-offline"], { cwd: copy, quiet: true });
    const before = versions(copy);
    if (changesetsIn(copy).length > 0) await pnpm(["changeset", "version"], { cwd: copy, quiet: true });
    // It builds first.
    await pnpm(["check:packages"], { cwd: copy });
    const changed = [...versions(copy)].filter(([name, version]) => before.get(name) !== version);
    console.log(changed.length === 0 ? "no changeset waits: nothing would be published" : "would be published:");
    for (const [name, version] of changed) console.log(`  ${name} ${before.get(name)} -> ${version}`);
  } finally {
    rmSync(join(copy, ".."), { recursive: true, force: true });
  }
}

async function release() {
  if (git("status", "--porcelain") !== "") throw new Error("there are changes that are not committed");
  if (changesetsIn(root).length > 0) {
    await pnpm(["changeset", "version"]);
    console.log("the changesets are applied: review and commit the versions and changelogs, then run this again");
    return;
  }
  await pnpm(["check:packages"]);
  // Publishes every version that the registry does not have yet.
  await pnpm(["publish", "--recursive", "--access", "public"]);
  await pnpm(["changeset", "tag"]);
  console.log("published and tagged: push with `git push --follow-tags`");
}

try {
  await (process.argv.includes("--dry-run") ? dryRun() : release());
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
