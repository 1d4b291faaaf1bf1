import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { reportOf } from "./api-report.mjs";

it("shows what entries declare and what that leads to, names what is declared elsewhere, and has no comments", () => {
  const top = realpathSync(mkdtempSync(join(tmpdir(), "api-")));
  onTestFinished(() => rmSync(top, { recursive: true }));
  mkdirSync(join(top, "one"));
  writeFileSync(join(top, "other.d.ts"), "export interface Other { readonly a: string }\n");
  writeFileSync(
    join(top, "one/index.d.ts"),
    [
      'import { Other } from "../other.js";',
      "interface Inner { readonly other: Other }",
      "interface Unused {}",
      "/** What it does. */",
      "declare function f(inner: Inner): void;",
      "export { f as g, type Other };",
    ].join("\n"),
  );
  writeFileSync(
    join(top, "one/core.d.ts"),
    'export { g } from "./index.js";\nexport declare const n = 1, m: string;\n',
  );
  const report = reportOf(join(top, "one"), [
    { name: ".", types: "index.d.ts" },
    { name: "./core", types: "core.d.ts" },
  ]);
  expect(report.split("\n").filter((line) => line !== "" && !line.startsWith("```"))).toEqual([
    "## Exported",
    "### g",
    "., ./core",
    "function f(inner: Inner): void;",
    "### m",
    "./core",
    "const n = 1, m: string;",
    "### n",
    "./core",
    "const n = 1, m: string;",
    "## Exported, and declared by other packages",
    "- Other: .",
    "## Only named in these",
    "### Inner",
    "interface Inner {",
    "  readonly other: Other;",
    "}",
  ]);
});

it("throws where an entry is not built", () => {
  expect(() => reportOf(join(tmpdir(), "nowhere"), [{ name: ".", types: "index.d.ts" }])).toThrow(/is it built/);
});
