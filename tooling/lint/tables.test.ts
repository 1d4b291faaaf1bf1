import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { adapterNames, codecs } from "../../packages/conformance/src/codecs.ts";
import { clientNames, packageNames, serverNames } from "../../packages/conformance/src/runtimes.mjs";
import { codecs as table } from "../../packages/engine/src/codecs.ts";
import { root } from "../scripts/run.mjs";

// Which codecs and which runtimes there are is said in one table each. What cannot read it has to agree with it, and
// CONTRIBUTING names it.

const text = (path: string) => readFileSync(join(root, path), "utf8");
/** Not one that was deleted, nor a link to a folder. */
const isFile = (path: string) => statSync(join(root, path), { throwIfNoEntry: false })?.isFile() === true;
const json = (path: string) => JSON.parse(text(path));
const entriesOf = (folder: string): Readonly<Record<string, unknown>> =>
  json(`packages/${folder}/package.json`).exports;

const codecsFolder = "packages/protocol/src/codecs";
/** A codec is a folder that has an index. */
const folders = readdirSync(join(root, codecsFolder)).filter((name) =>
  existsSync(join(root, codecsFolder, name, "index.ts")),
);

describe("the codecs", () => {
  it("are those of the folders: each is in the table by its name, a wrapper by the names of both, an adapter of a library by that of the library", () => {
    const named = Object.keys(codecs).map((name) => (folders.includes(name) ? name : name.replace(/^.*-/, "")));
    expect([...named, ...adapterNames].sort()).toEqual([...folders].sort());
    for (const [name, codec] of Object.entries(codecs)) expect(codec.name).toBe(name);
  });

  it.each(folders)("%s is an entry of protocol, and of every runtime", (folder) => {
    const built = { types: `./dist/${folder}.d.ts`, default: `./dist/${folder}.js` };
    expect(entriesOf("protocol")[`./${folder}`]).toEqual({
      "@sente-lite/source": `./src/codecs/${folder}/index.ts`,
      ...built,
    });
    // Without a source: the build hands protocol's on.
    for (const runtime of packageNames) expect([runtime, entriesOf(runtime)[`./${folder}`]]).toEqual([runtime, built]);
  });

  it("have no other entries", () => {
    const handedOn = (folder: string) =>
      Object.entries(entriesOf(folder)).flatMap(([path, target]) =>
        typeof target === "object" && target !== null && !("@sente-lite/source" in target) ? [path.slice(2)] : [],
      );
    for (const runtime of packageNames) expect(handedOn(runtime).sort()).toEqual([...folders].sort());
  });

  // A bundle is made of imports, and ClojureScript reads no table of ours.
  it.each([
    ["packages/browser/src/global.ts", /from "@sente-lite\/protocol\/([\w-]+)"/g],
    ["packages/cljs/src/sente_lite/codecs.cljs", /"@sente-lite\/node\/([\w-]+)"/g],
    ["packages/cljs/src/sente_lite/client.cljs", /"([\w-]+)" lib\//g],
  ])("are all named by hand in %s", (path, mention) => {
    const named = [...text(path).matchAll(mention)].map(([, name = ""]) => name).filter((name) => name !== "gzip");
    expect(named.sort()).toEqual(Object.keys(table).sort());
  });
});

describe("the runtimes", () => {
  it.each(serverNames)("%s has its fixtures, and its tests", (name) => {
    const { programs } = json("packages/conformance/package.json").senteLite;
    for (const side of ["server", "client"]) {
      expect(programs[`fixture-${side}-${name}`]).toBe(`./src/fixture/${side}-${name}.ts`);
    }
    const tests = readdirSync(join(root, "packages/conformance/src"), { recursive: true, encoding: "utf8" });
    const suites = tests
      .filter((path) => path.endsWith(".test.ts"))
      .map((path) => text(`packages/conformance/src/${path}`));
    expect(suites.some((suite) => suite.includes(`serverSuite(serverOf("${name}"))`))).toBe(true);
    expect(suites.some((suite) => suite.includes(`fixtureSuite(fixtureOf("${name}"))`))).toBe(true);
  });

  it.each(clientNames)("the client of %s plays its suite, and with every server", (name) => {
    const tests = readdirSync(join(root, "packages/conformance/src"), { recursive: true, encoding: "utf8" });
    const suites = tests
      .filter((path) => path.endsWith(".test.ts"))
      .map((path) => text(`packages/conformance/src/${path}`));
    expect(suites.some((suite) => suite.includes(`clientSuite(${name}Client)`))).toBe(true);
    expect(suites.some((suite) => suite.includes(`pairSuites(${name}Client)`))).toBe(true);
  });

  it.each(serverNames)("%s is in the chat, as a server, in a terminal and as a guest", (name) => {
    const programs = Object.values<string>(json("apps/chat/package.json").senteLite.programs);
    for (const program of ["server", "terminal", "guest"]) expect(programs).toContain(`./src/${program}-${name}.ts`);
  });

  // The apps use the packages as their users do, and read no table of the suites.
  it.each([
    ["apps/chat/src/e2e/programs.ts", /type Runtime = (.*);/],
    ["apps/chat/src/every-runtime.e2e.test.ts", /const runtimes: readonly Runtime\[\] = \[(.*)\];/],
    ["apps/examples/src/program.ts", /type Runtime = (.*);/],
  ])("are all named by hand in %s", (path, list) => {
    const [, named = ""] = list.exec(text(path)) ?? [];
    const names = [...named.matchAll(/"([a-z]+)"/g)].map(([, name = ""]) => name);
    expect(names).toEqual(expect.arrayContaining([...serverNames]));
  });
});

/** The paths that a list of CONTRIBUTING names, with a name in the place of NAME. A folder ends with a slash. */
function listed(heading: string, name: string): readonly string[] {
  const [, section = ""] = text("CONTRIBUTING.md").split(`### ${heading}\n`);
  const [list = ""] = section.split(/\n#+ /);
  const paths = [...list.matchAll(/`([\w./-]*\/[\w./-]*|package\.json)`/g)].map(([, path = ""]) => path);
  return paths.map((path) => path.replaceAll("NAME", name));
}

/** Tests and pictures may pick one; the pages of documents and what is written by commands name all. */
const mayName = /\.test(-support)?\.ts$|\.md$|^tooling\/published\/|screenshots\.mjs$|^pnpm-lock\.yaml$/;

const lists = [
  { heading: "A codec", name: "sente-msgpack", mention: /sente-msgpack|senteMsgpack/ },
  { heading: "A runtime", name: "deno", mention: /"deno"|@sente-lite\/deno|-deno\b|\bdeno\./ },
];

describe.each(lists)("the list of CONTRIBUTING: $heading", ({ heading, name, mention }) => {
  const paths = listed(heading, name);

  it("names what there is", () => {
    expect(paths.length).toBeGreaterThan(5);
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it("says how many there are", () => {
    const [, section = ""] = text("CONTRIBUTING.md").split(`### ${heading}\n`);
    const shared = listed(heading, "NAME").filter((path) => !path.includes("NAME") && !path.endsWith("/"));
    const thisPage = section.split(/\n#+ /)[0]?.includes("of this page") ? 1 : 0;
    expect(/^\s*Named NAME, (\d+) files and its own/.exec(section)?.[1]).toBe(String(shared.length + thisPage));
    // Where they are told apart, each part of the list has as many as it says.
    for (const [, count, part = ""] of section.matchAll(/(\d+) (by hand|by commands|where they)/g)) {
      const [, item = ""] = section.split(new RegExp(`\n- ${part}`, "i"));
      expect([part, item.split("\n- ")[0]?.match(/`[\w./-]+\/[\w./-]*`/g)?.length]).toEqual([part, Number(count)]);
    }
  });

  it(`is whole: every file that names ${name} is in it`, () => {
    const tracked = execFileSync("git", ["ls-files"], { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 }).split("\n");
    const naming = tracked.filter(
      (path) => !mayName.test(path) && isFile(path) && (mention.test(path) || mention.test(text(path))),
    );
    expect(naming.length).toBeGreaterThan(5);
    const isListed = (path: string) => paths.some((one) => (one.endsWith("/") ? path.startsWith(one) : path === one));
    expect(naming.filter((path) => !isListed(path))).toEqual([]);
  });
});
