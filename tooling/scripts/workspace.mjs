// The packages of this workspace, as the folders and their package.json files say.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./run.mjs";

/** Every package under packages/ and apps/: `{ name, folder, manifest }`, the folder relative to the root. */
export function workspacePackages(top = root) {
  return ["packages", "apps"]
    .flatMap((parent) =>
      (existsSync(join(top, parent)) ? readdirSync(join(top, parent)) : []).map((name) => [parent, name]),
    )
    .map(([parent, name]) => `${parent}/${name}`)
    .filter((folder) => existsSync(join(top, folder, "package.json")))
    .map((folder) => {
      const manifest = JSON.parse(readFileSync(join(top, folder, "package.json"), "utf8"));
      return { name: manifest.name, folder, manifest };
    });
}

/** The packages of this workspace that become part of the bundle of this one: those in its devDependencies. */
export function bundledInto({ manifest }, packages) {
  return packages.filter(({ name }) => manifest.devDependencies?.[name]?.startsWith("workspace:"));
}

/** A package and all packages of this workspace that it depends on, directly or not. */
export function closure(name, packages) {
  const found = new Set();
  const visit = (wanted) => {
    const one = packages.find((candidate) => candidate.name === wanted);
    if (one === undefined || found.has(one)) return;
    found.add(one);
    for (const needed of Object.keys({ ...one.manifest.dependencies, ...one.manifest.devDependencies })) visit(needed);
  };
  visit(name);
  return [...found];
}
