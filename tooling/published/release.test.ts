import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageNames } from "../../packages/conformance/src/runtimes.mjs";
import { root, run } from "../scripts/run.mjs";
import { workspacePackages } from "../scripts/workspace.mjs";
import { published } from "./packages.ts";

// The release script, on copies of this repository's last commit. The first has had its changesets applied and
// committed; every test has a copy of that.

const temp = mkdtempSync(join(tmpdir(), "sente-lite-release-"));
const released = join(temp, "released");

const who = { GIT_AUTHOR_NAME: "a", GIT_AUTHOR_EMAIL: "a@b", GIT_COMMITTER_NAME: "a", GIT_COMMITTER_EMAIL: "a@b" };
const env = { ...process.env, ...who };

const git = (cwd: string, ...args: string[]) => run("git", args, { cwd, env, quiet: true });

async function commit(copy: string): Promise<void> {
  await git(copy, "add", "--all");
  await git(copy, "-c", "commit.gpgsign=false", "commit", "--quiet", "--message", "A change");
}

async function copyOf(from: string, name: string): Promise<string> {
  const copy = join(temp, name);
  await git(temp, "clone", "--quiet", from, copy);
  // The one tool that the script starts; nothing is installed.
  mkdirSync(join(copy, "node_modules/.bin"), { recursive: true });
  symlinkSync(join(root, "node_modules/@changesets"), join(copy, "node_modules/@changesets"));
  symlinkSync(join(root, "node_modules/.bin/changeset"), join(copy, "node_modules/.bin/changeset"));
  return copy;
}

function writeChangeset(copy: string, bumps: Readonly<Record<string, string>>): void {
  const lines = Object.entries(bumps).map(([name, bump]) => `"@sente-lite/${name}": ${bump}\n`);
  writeFileSync(join(copy, ".changeset/of-a-test.md"), `---\n${lines.join("")}---\n\nWhat changed.\n`);
}

function versionsIn(copy: string): Record<string, string> {
  const all = workspacePackages(copy).filter(({ manifest }) => !manifest.private);
  return Object.fromEntries(all.map(({ name, manifest }) => [name.replace("@sente-lite/", ""), manifest.version]));
}

/** Runs `pnpm release`, which applies the changesets that there are, for review, and publishes nothing then. */
async function applyChangesets(copy: string): Promise<void> {
  const said = await run(process.execPath, ["tooling/scripts/release.mjs"], { cwd: copy, env, quiet: true });
  expect(said).toContain("the changesets are applied");
}

const versionsOfReleased = () => versionsIn(released);

beforeAll(async () => {
  await copyOf(root, "released");
  // pnpm would install everything before it runs the one tool that is there.
  const workspace = join(released, "pnpm-workspace.yaml");
  writeFileSync(workspace, readFileSync(workspace, "utf8").replace("verifyDepsBeforeRun: install", ""));
  // So that there is one, whatever has been released meanwhile.
  writeChangeset(released, Object.fromEntries(published.map((name) => [name, "minor"])));
  await commit(released);
  await applyChangesets(released);
  await commit(released);
});

afterAll(() => rmSync(temp, { recursive: true, force: true }));

describe("pnpm release, on a copy of the repository", () => {
  it.each(["bun", "protocol"])("gives %s alone a version, where a changeset names it with a patch", async (name) => {
    const copy = await copyOf(released, name);
    writeChangeset(copy, { [name]: "patch" });
    await commit(copy);
    await applyChangesets(copy);
    const before = versionsOfReleased();
    const after = versionsIn(copy);
    expect(Object.keys(after).filter((one) => after[one] !== before[one])).toEqual([name]);
    expect(after[name]).toBe(before[name]?.replace(/\d+$/, (patch) => String(Number(patch) + 1)));
  });

  it("refuses, where something is not committed", async () => {
    const copy = await copyOf(released, "dirty");
    writeChangeset(copy, { bun: "patch" });
    const release = run(process.execPath, ["tooling/scripts/release.mjs"], { cwd: copy, env, quiet: true });
    await expect(release).rejects.toThrow("there are changes that are not committed");
    expect(versionsIn(copy)).toEqual(versionsOfReleased());
  });
});

describe("pnpm release, before anything is published", () => {
  it("refuses, where package.json does not say where the sources are", async () => {
    const copy = await copyOf(released, "nowhere");
    const file = join(copy, "package.json");
    const { repository: _, ...rest } = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    writeFileSync(file, JSON.stringify({ ...rest, version: "0.0.1" }));
    await commit(copy);
    const release = run(process.execPath, ["tooling/scripts/release.mjs"], { cwd: copy, env, quiet: true });
    await expect(release).rejects.toThrow("package.json does not say where the sources are");
  });

  it("has written one entry into a first changelog", () => {
    for (const [name, version] of Object.entries(versionsOfReleased())) {
      const changelog = readFileSync(join(released, "packages", name, "CHANGELOG.md"), "utf8");
      if (version !== "0.1.0") continue;
      expect(changelog).toMatch(new RegExp(`^# @sente-lite/${name}\\n\\n## 0\\.1\\.0\\n\\nFirst release: [^#]+$`));
    }
  });
});

describe("what CI runs, where engine has changed", () => {
  const check = (copy: string, base: string) =>
    run(process.execPath, ["tooling/scripts/check-changesets.mjs", base], { cwd: copy, env, quiet: true });

  it("fails for every runtime package that has no changeset, and passes once they all have", async () => {
    const copy = await copyOf(released, "engine");
    expect(await check(copy, "HEAD")).toContain("has its changeset");
    const base = (await git(copy, "rev-parse", "HEAD")).trim();
    writeFileSync(join(copy, "packages/engine/src/new.ts"), "export {};\n");
    await commit(copy);

    const said = await check(copy, base).then(
      () => "",
      (error: Error) => error.message,
    );
    const named = [...said.matchAll(/^@sente-lite\/(\w+) changed .*has no changeset/gm)].map(([, name]) => name);
    expect(named.sort()).toEqual([...packageNames].sort());
    expect(said).toContain("ended with code 1");

    writeChangeset(copy, Object.fromEntries(packageNames.map((name) => [name, "patch"])));
    expect(await check(copy, base)).toContain("has its changeset");
  });
});
