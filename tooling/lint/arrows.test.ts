import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { cruise, type IReporterOutput } from "dependency-cruiser";
import { expect, it, onTestFinished } from "vitest";
import { arrowsIn, rulesIn } from "./arrows.mjs";

const contributing = readFileSync(new URL("../../CONTRIBUTING.md", import.meta.url), "utf8");

/** The names of the rules that these files break, each file with what it imports. */
async function brokenBy(files: Readonly<Record<string, readonly string[]>>): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "arrows-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [file, imports] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), imports.map((path) => `import type {} from "${path}";\n`).join(""));
  }
  const { output } = (await cruise(["."], {
    baseDir: folder,
    ruleSet: { forbidden: rulesIn(contributing) },
    validate: true,
    tsPreCompilationDeps: true,
  })) as IReporterOutput & { readonly output: { readonly summary: { readonly violations: readonly Violation[] } } };
  return output.summary.violations.map(({ rule, from }) => `${from}: ${rule.name}`);
}

interface Violation {
  readonly rule: { readonly name: string };
  readonly from: string;
}

it("lets imports follow the arrows that are drawn", async () => {
  const broken = await brokenBy({
    "packages/protocol/src/errors.ts": ["./event.ts"],
    "packages/protocol/src/event.ts": [],
    "packages/protocol/src/wire/frames.ts": ["../errors.ts"],
    "packages/protocol/src/wire/frames.test.ts": ["../session/index.ts"],
    "packages/protocol/src/session/index.ts": ["../wire/frames.ts"],
    "packages/engine/src/host.ts": ["../../protocol/src/session/index.ts"],
  });
  expect(broken).toEqual([]);
});

it("finds an import from one package to another, from one folder of protocol to another, and from the ground up", async () => {
  const broken = await brokenBy({
    "packages/protocol/src/errors.ts": ["./wire/frames.ts"],
    "packages/protocol/src/error-chan.ts": ["./session/log.ts"],
    "packages/protocol/src/wire/frames.ts": ["../session/log.ts"],
    "packages/protocol/src/session/log.ts": [],
    "packages/flow/src/system.ts": ["../../node/src/index.ts"],
    "packages/node/src/index.ts": ["../../bun/src/index.ts"],
    "packages/bun/src/index.ts": [],
  });
  expect(broken.map((text) => text.replace(/ ->.*/, "")).sort()).toEqual([
    "packages/flow/src/system.ts: flow",
    "packages/node/src/index.ts: node",
    "packages/protocol/src/error-chan.ts: error-chan",
    "packages/protocol/src/errors.ts: ground",
    "packages/protocol/src/wire/frames.ts: wire",
  ]);
});

it("finds a circle of types, a package and a folder that are not drawn, and an import of nothing", async () => {
  const broken = await brokenBy({
    "packages/engine/src/a.ts": ["./b.ts"],
    "packages/engine/src/b.ts": ["./a.ts"],
    "packages/other/src/a.ts": ["../../engine/src/a.ts"],
    "packages/protocol/src/other/a.ts": ["../event.ts"],
    "packages/protocol/src/event.ts": ["./gone.ts"],
  });
  expect(broken.sort()).toEqual([
    "packages/engine/src/a.ts: no-circle",
    "packages/other/src/a.ts: not-drawn",
    "packages/protocol/src/event.ts: resolved",
    "packages/protocol/src/other/a.ts: not-drawn",
  ]);
});

it("reads no drawing that is incomplete", () => {
  const drawing = (lines: string) => `<!-- arrows: x -->\n\`\`\`\n${lines}\n\`\`\`\n`;
  expect([...arrowsIn(drawing("a -> b, c\nb ->\nc -> b"), "x")]).toEqual([
    ["a", ["b", "c"]],
    ["b", []],
    ["c", ["b"]],
  ]);
  expect(() => arrowsIn(drawing("a -> b"), "x")).toThrow(/leads to b, which has no line/);
  expect(() => arrowsIn(drawing("a ="), "x")).toThrow(/no arrow of x: a =/);
  expect(() => arrowsIn("", "x")).toThrow(/draws no arrows of x/);
});
