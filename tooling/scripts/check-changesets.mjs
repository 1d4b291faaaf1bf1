// node tooling/scripts/check-changesets.mjs [BASE]: has every package that changed since BASE its changeset?
// BASE is a commit; by default the last release's tag, and before the first release the root commit.
//
// A published package is changed when a source of it is, or the manifest as published, or a source of a private
// package that it bundles (packages/engine is part of every runtime package). A package whose version was raised
// since BASE has had its changesets applied.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./run.mjs";
import { findBundled, workspacePackages } from "./workspace.mjs";

const { hooks } = createRequire(import.meta.url)("../../.pnpmfile.cjs");

function git(top, ...args) {
  return execFileSync("git", args, { cwd: top, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

const lines = (text) => text.split("\n").filter((line) => line !== "");

/** The last release that HEAD has in its history, else the root commit. */
export function defaultBase(top) {
  const tags = lines(git(top, "tag", "--merged", "HEAD", "--sort=-creatordate", "--list", "@sente-lite/*"));
  return tags[0] ?? lines(git(top, "rev-list", "--max-parents=0", "HEAD")).at(-1);
}

/** A file as it was at a commit, or undefined. */
function fileAt(top, commit, path) {
  try {
    return git(top, "show", `${commit}:${path}`);
  } catch {
    return undefined;
  }
}

/** Every file that differs from the base, in the working tree too, so that it can be asked before committing. */
function listChangedFiles(top, base) {
  return lines(git(top, "diff", "--name-only", "--no-renames", base)).concat(
    lines(git(top, "ls-files", "--others", "--exclude-standard")),
  );
}

/** The packages that a changeset's front matter names. */
function readNames(text) {
  const front = /^---\n(.*?)\n---/s.exec(text)?.[1] ?? "";
  return [...front.matchAll(/^["']?(@?[^"':\s]+)["']?\s*:/gm)].map((match) => match[1]);
}

/** The packages named by changesets that are newer than the base. */
function listCovered(top, changed) {
  const folder = join(top, ".changeset");
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".md")) : [];
  const newer = files.filter((file) => changed.includes(`.changeset/${file}`));
  return new Set(newer.flatMap((file) => readNames(readFileSync(join(folder, file), "utf8"))));
}

/** What users get to see of a package.json, its version aside. */
function pickPublished(text) {
  if (text === undefined) return "";
  const { version, ...rest } = hooks.beforePacking(JSON.parse(text));
  return JSON.stringify(rest);
}

/**
 * The packages that changed and lack a changeset, each with the files that changed: `[{ name, files }]`.
 */
export function findMissingChangesets(top, base) {
  const packages = workspacePackages(top);
  const changed = listChangedFiles(top, base);
  const has = listCovered(top, changed);
  const sourcesIn = (folder) =>
    changed.filter((file) => file.startsWith(`${folder}/src/`) && !/\.test\.[a-z]+$|\/golden\//.test(file));
  const missing = [];
  for (const one of packages.filter(({ manifest }) => !manifest.private)) {
    const path = `${one.folder}/package.json`;
    const before = fileAt(top, base, path);
    const raised = before !== undefined && JSON.parse(before).version !== one.manifest.version;
    if (has.has(one.name) || raised) continue;
    const files = [one, ...findBundled(one, packages)].flatMap(({ folder }) => sourcesIn(folder));
    if (pickPublished(before) !== pickPublished(readFileSync(join(top, path), "utf8"))) files.push(path);
    if (files.length > 0) missing.push({ name: one.name, files });
  }
  return missing;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const base = process.argv[2] ?? defaultBase(root);
  const missing = findMissingChangesets(root, base);
  for (const { name, files } of missing) {
    const shown = files.slice(0, 5).join(", ");
    console.error(`${name} changed since ${base} and has no changeset: ${shown}${files.length > 5 ? ", ..." : ""}`);
  }
  if (missing.length > 0) {
    console.error("add one with `pnpm changeset` (CONTRIBUTING.md says how)");
    process.exitCode = 1;
  } else {
    console.log(`every package that changed since ${base} has its changeset`);
  }
}
