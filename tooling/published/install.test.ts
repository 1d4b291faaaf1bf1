import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  clientRuntimes,
  type ServerName,
  serverNames,
  serverRuntimes,
} from "../../packages/conformance/src/runtimes.mjs";
import { root } from "../scripts/run.mjs";
import { compilers, compileWith, writeConsumer } from "./compilers.ts";
import { joinLines, runExample, runOwnExample, snippet } from "./example.ts";
import { packAll } from "./packages.ts";
import { runPage } from "./page.ts";
import { importable, install, type Manager, present } from "./projects.ts";
import { type Registry, startRegistry } from "./registry.ts";
import { compile, denoCheck, type Resolution } from "./types.ts";

// The packages as their users get them: packed, served by a registry, and installed into empty projects.

const temp = realpathSync(mkdtempSync(join(tmpdir(), "sente-lite-published-")));
let registry: Registry;

beforeAll(async () => {
  mkdirSync(join(temp, "tarballs"));
  registry = await startRegistry(await packAll(join(temp, "tarballs")));
}, 300_000);

afterAll(async () => {
  await registry?.close();
  rmSync(temp, { recursive: true, force: true });
});

const protocol = "@sente-lite/protocol";
const serving = serverNames.flatMap((name) => serverRuntimes[name].managers.map((manager) => [manager, name] as const));
const inPages = Object.values(clientRuntimes).flatMap((one) =>
  one.managers.map((manager) => [manager, one.package] as const),
);
const projects: readonly (readonly [Manager, ServerName | (typeof inPages)[number][1]])[] = [...serving, ...inPages];

describe.each(projects)("installed by %s: @sente-lite/%s", (manager, runtime) => {
  const own = `@sente-lite/${runtime}`;
  const all = [own, protocol, "fflate", ...(runtime === "node" ? ["ws"] : [])].sort();
  const project = join(temp, `${manager}-${runtime}`);

  it("node_modules holds the package and what it needs, and nothing else", async () => {
    await install(project, manager, runtime, registry.url);
    expect(present(project)).toEqual(all);
    const isStrict = manager === "pnpm" || manager === "deno";
    expect(importable(project)).toEqual(isStrict ? [own] : all);
  });

  const resolutions: readonly Resolution[] = ["nodenext", "bundler", ...(runtime === "bun" ? (["bun"] as const) : [])];

  it.each(resolutions)("has types, by tsc: %s", async (resolution) => {
    await compile(project, runtime, resolution);
  });

  if (runtime === "deno") {
    it("has types, by deno check", async () => {
      await denoCheck(project, runtime);
    });
  }

  if (runtime === "browser") {
    it("runs the README's page, bundled by Vite", async () => {
      await runPage(project);
    });
    return;
  }

  it("runs the README's server and client", async () => {
    expect(await runExample(project, runtime, "server.ts")).toBe(joinLines(snippet("client.ts").prints));
  });

  if (runtime === "node") return;

  it("runs the README's server of this runtime", async () => {
    // It names no user ids, so that a client's own id stands for it, and its reply is what broadcastFn returns.
    const printed = await runExample(project, runtime, `server.${runtime}.ts`);
    expect(printed).toMatch(/^[0-9a-f-]{36}: hello reply \{ connections: 1 \}$/);
  });
});

describe("a program with most of it", () => {
  const project = join(temp, "npm-compilers");
  beforeAll(async () => {
    await install(project, "npm", "node", registry.url);
    writeConsumer(project);
  }, 180_000);

  const tried = Object.entries(compilers).flatMap(([compiler, settings]) =>
    settings.map((setting) => [compiler, setting] as const),
  );

  it.concurrent.each(tried)("compiles with TypeScript %s, %s", async (compiler, setting) => {
    await compileWith(compiler, project, setting);
  });
});

describe("installed by npm: @sente-lite/cljs", () => {
  const project = join(temp, "npm-cljs");

  it("node_modules holds the package and what it needs, and nothing else", async () => {
    await install(project, "npm", "cljs", registry.url);
    const all = ["@sente-lite/cljs", "@sente-lite/node", protocol, "fflate", "ws"];
    expect(present(project)).toEqual(all);
    expect(importable(project)).toEqual(all);
    const files = readdirSync(join(project, "node_modules/@sente-lite/cljs"), { recursive: true, encoding: "utf8" });
    const sources = readdirSync(join(root, "packages/cljs/src"), { recursive: true, encoding: "utf8" });
    const wanted = ["LICENSE", "README.md", "package.json", "src", ...sources.map((path) => join("src", path))];
    expect(files.filter((path) => path !== "CHANGELOG.md").sort()).toEqual(wanted.sort());
  });

  it("runs its own README's example in nbb", async () => {
    const { printed, prints } = await runOwnExample(project, "cljs", "nbb");
    expect(printed).toEqual(prints);
  });
});

describe.each(serving)("installed by %s: @sente-lite/flow", (manager, runtime) => {
  const project = join(temp, `${manager}-flow`);

  it("node_modules holds the package and the protocol, and no optional peer", async () => {
    await install(project, manager, "flow", registry.url);
    expect(present(project)).toEqual(["@sente-lite/flow", protocol, "fflate"]);
  });

  it(`runs its own README's example on ${runtime}`, async () => {
    const { printed, prints } = await runOwnExample(project, "flow", runtime);
    expect(printed).toEqual(prints);
  });
});

it("nothing but fflate and ws came from any other registry", () => {
  expect([...registry.downloaded].sort()).toEqual(["fflate", "ws"]);
});
