// pnpm release --dry-run: what the next release would be, made in a copy of the last commit; nothing is sent.
// pnpm release: first applies the changesets, for review; run again on the commit of that, it publishes and tags.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { foldFirst } from "./first-changelog.mjs";
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

/** Versions and changelogs, as the changesets say. */
async function applyChangesets(top, options) {
  const fold = foldFirst(top);
  await pnpm(["changeset", "version"], { cwd: top, ...options });
  fold();
}

/** A package says where it comes from, and its provenance proves it. */
function checkOrigin() {
  const { repository = "" } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  if (/^https:\/\/[^/]+\/[^/]+\/[^/]+(?<!\.git)$/.test(repository)) return;
  throw new Error('package.json does not say where the sources are: "repository": "https://github.com/OWNER/NAME"');
}

async function dryRun() {
  if (git("status", "--porcelain") !== "") console.log("note: what is not committed is not part of this dry run");
  const copy = join(mkdtempSync(join(tmpdir(), "sente-lite-release-")), "copy");
  try {
    await run("git", ["clone", "--quiet", root, copy]);
    await pnpm(["install", "--frozen-lockfile", "--prefer-offline"], { cwd: copy, quiet: true });
    const before = versions(copy);
    if (changesetsIn(copy).length > 0) await applyChangesets(copy, { quiet: true });
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
    await applyChangesets(root);
    console.log("the changesets are applied: review and commit the versions and changelogs, then run this again");
    return;
  }
  checkOrigin();
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
