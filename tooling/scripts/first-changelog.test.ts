import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { foldFirst } from "./first-changelog.mjs";

function workspace(versions: Readonly<Record<string, string>>) {
  const top = mkdtempSync(join(tmpdir(), "changelog-"));
  onTestFinished(() => rmSync(top, { recursive: true }));
  mkdirSync(join(top, ".changeset"));
  const write = (path: string, text: string) => writeFileSync(join(top, path), text);
  for (const [name, version] of Object.entries(versions)) {
    mkdirSync(join(top, "packages", name), { recursive: true });
    write(`packages/${name}/package.json`, JSON.stringify({ name: `@sente-lite/${name}`, version }));
    write(`packages/${name}/CHANGELOG.md`, "as the changesets made it");
  }
  const changelog = (name: string) => readFileSync(join(top, `packages/${name}/CHANGELOG.md`), "utf8");
  return { top, write, changelog };
}

it("says in a first changelog what the package is, and leaves later ones as the changesets make them", () => {
  const { top, write, changelog } = workspace({ node: "0.0.0", bun: "0.1.0" });
  write(".changeset/first-release-node.md", '---\n"@sente-lite/node": minor\n---\n\nFirst release: it works.\n');
  const fold = foldFirst(top);
  write("packages/node/package.json", JSON.stringify({ name: "@sente-lite/node", version: "0.1.0" }));
  rmSync(join(top, ".changeset/first-release-node.md"));
  fold();
  expect(changelog("node")).toBe("# @sente-lite/node\n\n## 0.1.0\n\nFirst release: it works.\n");
  expect(changelog("bun")).toBe("as the changesets made it");
});

it("applies no changesets where a package without a version does not say what it is", () => {
  expect(() => foldFirst(workspace({ node: "0.0.0" }).top)).toThrow(/first-release-node\.md/);
});
