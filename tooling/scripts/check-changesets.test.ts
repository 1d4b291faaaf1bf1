import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defaultBase, findMissingChangesets } from "./check-changesets.mjs";
import { bin, root } from "./run.mjs";

// A small repository with the shape of this one: a core, a private engine, and two packages that bundle it.
let top: string;

function git(...args: string[]): string {
  const who = { GIT_AUTHOR_NAME: "a", GIT_AUTHOR_EMAIL: "a@b", GIT_COMMITTER_NAME: "a", GIT_COMMITTER_EMAIL: "a@b" };
  const env = { ...process.env, ...who, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" };
  return execFileSync("git", args, { cwd: top, env, encoding: "utf8", stdio: "pipe" }).trim();
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(top, path)), { recursive: true });
  writeFileSync(join(top, path), text);
}

function commit(): string {
  git("add", "--all");
  git("commit", "--quiet", "--message", "A change");
  return git("rev-parse", "HEAD");
}

function pkg(name: string, manifest: object = {}): void {
  const full = { name: `@sente-lite/${name}`, version: "0.1.0", exports: "./index.js", ...manifest };
  write(`packages/${name}/package.json`, JSON.stringify(full, undefined, 2));
  write(`packages/${name}/src/index.ts`, "export const one = 1;\n");
}

function version(name: string): string {
  return JSON.parse(readFileSync(join(top, `packages/${name}/package.json`), "utf8")).version;
}

function changeset(...bumps: string[]): void {
  write(`.changeset/change-${bumps.length}.md`, `---\n${bumps.join("\n")}\n---\n\nWhat changed.\n`);
}

function missing(base: string): string[] {
  return findMissingChangesets(top, base).map(({ name }: { name: string }) => name);
}

const runtime = {
  dependencies: { "@sente-lite/protocol": "workspace:^" },
  devDependencies: { "@sente-lite/engine": "workspace:^" },
};

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), "sente-lite-changesets-"));
  git("init", "--quiet", "--initial-branch=main");
  write("package.json", JSON.stringify({ name: "root", private: true }));
  write("pnpm-workspace.yaml", "packages:\n  - packages/*\n");
  cpSync(join(root, ".changeset/config.json"), join(top, ".changeset/config.json"));
  pkg("protocol");
  pkg("engine", { private: true, dependencies: { "@sente-lite/protocol": "workspace:^" } });
  pkg("node", runtime);
  pkg("browser", runtime);
  commit();
});

afterEach(() => rmSync(top, { recursive: true, force: true }));

describe("which packages lack a changeset", () => {
  it("none, where nothing changed", () => {
    expect(missing("HEAD")).toEqual([]);
  });

  it("a package whose source changed, committed or not", () => {
    const base = git("rev-parse", "HEAD");
    write("packages/protocol/src/index.ts", "export const one = 2;\n");
    expect(missing(base)).toEqual(["@sente-lite/protocol"]);
    commit();
    expect(missing(base)).toEqual(["@sente-lite/protocol"]);
  });

  it("every runtime package, where the engine that they bundle changed", () => {
    const base = git("rev-parse", "HEAD");
    write("packages/engine/src/new.ts", "export {};\n");
    changeset('"@sente-lite/node": patch');
    expect(missing(base)).toEqual(["@sente-lite/browser"]);
    changeset('"@sente-lite/node": patch', "'@sente-lite/browser': minor");
    expect(missing(base)).toEqual([]);
  });

  it("one whose only changeset was there before the base", () => {
    changeset('"@sente-lite/node": patch');
    const base = commit();
    write("packages/node/src/index.ts", "export {};\n");
    expect(missing(base)).toEqual(["@sente-lite/node"]);
  });

  it("not one where only tests, golden files, scripts or versions changed", () => {
    const base = git("rev-parse", "HEAD");
    write("packages/node/src/index.test.ts", "export {};\n");
    write("packages/node/src/golden/frames.json", "[]\n");
    pkg("protocol", { scripts: { build: "true" } });
    expect(missing(base)).toEqual([]);
  });

  it("one whose published manifest changed", () => {
    const base = git("rev-parse", "HEAD");
    pkg("node", { ...runtime, engines: { node: ">=22" } });
    expect(missing(base)).toEqual(["@sente-lite/node"]);
  });

  it("not one whose changesets have been applied", () => {
    const base = git("rev-parse", "HEAD");
    write("packages/protocol/src/index.ts", "export const one = 2;\n");
    pkg("protocol", { version: "0.1.1" });
    expect(missing(base)).toEqual([]);
  });
});

describe("the base, where none is given", () => {
  it("is the root commit before the first release, and then the tag of the last", () => {
    const first = git("rev-parse", "HEAD");
    expect(defaultBase(top)).toBe(first);
    git("tag", "@sente-lite/node@0.1.0");
    write("packages/node/src/index.ts", "export {};\n");
    commit();
    expect(defaultBase(top)).toBe("@sente-lite/node@0.1.0");
  });
});

describe("the versions that changesets lead to", () => {
  function applied(...bumps: string[]): Record<string, string> {
    changeset(...bumps);
    commit();
    execFileSync(bin("changeset"), ["version"], { cwd: top, stdio: "pipe" });
    return Object.fromEntries(["protocol", "node", "browser"].map((name) => [name, version(name)]));
  }

  it("a change of one package is a version of that package alone", () => {
    expect(applied('"@sente-lite/node": minor')).toEqual({ protocol: "0.1.0", node: "0.2.0", browser: "0.1.0" });
  });

  it("a package that a changeset names with none keeps its version", () => {
    const versions = applied('"@sente-lite/node": patch', '"@sente-lite/browser": none');
    expect(versions).toEqual({ protocol: "0.1.0", node: "0.1.1", browser: "0.1.0" });
  });

  it("a patch of protocol, which its dependents' ranges take in, is a version of protocol alone", () => {
    expect(applied('"@sente-lite/protocol": patch')).toEqual({ protocol: "0.1.1", node: "0.1.0", browser: "0.1.0" });
  });

  it("a version of protocol outside of its dependents' ranges takes them along", () => {
    expect(applied('"@sente-lite/protocol": minor')).toEqual({ protocol: "0.2.0", node: "0.1.1", browser: "0.1.1" });
  });
});
