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

/** Those that are published. */
export function listPublished(top = root) {
  return workspacePackages(top).filter(({ manifest }) => !manifest.private);
}

/** The packages of this workspace that become part of the bundle of this one: those in its devDependencies. */
export function findBundled({ manifest }, packages) {
  return packages.filter(({ name }) => manifest.devDependencies?.[name]?.startsWith("workspace:"));
}

/** What users can import of a package: `{ name: "@sente-lite/node/edn", types, code }`, the files relative to its folder. */
export function entriesOf({ name, manifest }) {
  return Object.entries(manifest.exports ?? {}).flatMap(([path, { types, default: code }]) =>
    types === undefined ? [] : [{ name: name + path.slice(1), types, code }],
  );
}
