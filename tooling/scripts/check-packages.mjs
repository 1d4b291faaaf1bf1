// pnpm check:packages: packs every published package and checks the tarballs as their users will meet them.
// One line per check; the exit code is 1 where one fails.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { build } from "./build.mjs";
import { bin, newestTsc, pnpm, root, run } from "./run.mjs";
import { workspacePackages } from "./workspace.mjs";

const published = workspacePackages().filter(({ manifest }) => !manifest.private);
const temp = mkdtempSync(join(tmpdir(), "sente-lite-packages-"));
let failures = 0;

/** Runs one check. `work` resolves to a note, or throws with what is wrong. */
async function check(name, what, work) {
  try {
    const note = await work();
    console.log(`ok    ${name}  ${what}${note ? `: ${note}` : ""}`);
    return true;
  } catch (error) {
    failures += 1;
    console.log(`FAIL  ${name}  ${what}\n${error.message.replace(/^/gm, "      ")}`);
    return false;
  }
}

function fail(problems) {
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

/** Every file below a folder, relative to it. */
function filesOf(folder, below = folder) {
  return readdirSync(below, { withFileTypes: true }).flatMap((entry) => {
    const path = join(below, entry.name);
    return entry.isDirectory() ? filesOf(folder, path) : [relative(folder, path)];
  });
}

const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;

async function pack({ name, folder }) {
  const unpacked = join(temp, "unpacked", name);
  const tarball = join(temp, `${name.replace("/", "-").slice(1)}.tgz`);
  const done = await check(name, "packs", async () => {
    await pnpm(["pack", "--out", tarball], { cwd: join(root, folder), quiet: true });
    mkdirSync(unpacked, { recursive: true });
    await run("tar", ["-xzf", tarball, "-C", unpacked, "--strip-components=1"], { quiet: true });
    return `${filesOf(unpacked).length} files, ${kilobytes(statSync(tarball).size)}`;
  });
  return done ? { name, folder, tarball, unpacked, manifest: readJson(join(unpacked, "package.json")) } : undefined;
}

function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}

async function lintManifest({ tarball, manifest }) {
  const { messages } = await publint({ pack: { tarball: toArrayBuffer(readFileSync(tarball)) }, strict: true });
  const said = messages.map((message) => `${message.type}: ${formatMessage(message, manifest, { color: false })}`);
  fail(said.filter((line) => !line.startsWith("suggestion")));
  return said.join("; ");
}

function toArrayBuffer(buffer) {
  return buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength);
}

async function lintTypes({ tarball }) {
  const options = ["--profile", "esm-only", "--no-definitely-typed", "--format", "ascii", "--no-emoji", "--no-color"];
  await run(bin("attw"), [tarball, ...options], { quiet: true });
}

/** Paths of this machine, and words that mean something in this repository only. */
const machine = [root, join(homedir(), "/")].filter((path) => path.length > 1);
const repository = ["@sente-lite/source", "@sente-lite/engine", "workspace:"];

/** A package without JavaScript: its sources are ClojureScript, and are what is published. */
const isClojure = ({ name }) => name === "@sente-lite/cljs";

/** What must not be in a package: sources (but ClojureScript, which are all of theirs), tests, and such words. */
function lintContents({ name, unpacked, manifest, folder }) {
  const problems = [];
  const files = filesOf(unpacked);
  if (isClojure({ name })) {
    const sources = filesOf(join(root, folder, "src")).map((path) => `src/${path}`);
    const wanted = [...sources, "LICENSE", "README.md", "package.json"].sort();
    const found = files.filter((path) => path !== "CHANGELOG.md").sort();
    if (found.join() !== wanted.join())
      problems.push(`it holds ${found.join(", ")}, and not just ${wanted.join(", ")}`);
    for (const path of sources) if (!path.endsWith(".cljs")) problems.push(`${path} is no ClojureScript`);
  }
  for (const path of files) {
    if ((/(^|\/)src\//.test(path) && !isClojure({ name })) || /\.test\.|(^|\/)(golden|tsconfig)/.test(path))
      problems.push(`${path} is in it`);
    const text = readFileSync(join(unpacked, path), "utf8");
    for (const word of machine) if (text.includes(word)) problems.push(`${path} names ${word}`);
    if (!/\.(js|ts|json)$/.test(path)) continue;
    for (const word of repository) if (text.includes(word)) problems.push(`${path} has ${word}`);
  }
  for (const field of ["devDependencies", "scripts", "senteLite"]) {
    if (field in manifest) problems.push(`package.json has ${field}`);
  }
  const needed = ["LICENSE", ...(name === "@sente-lite/protocol" ? ["PROTOCOL.md"] : [])];
  for (const path of needed) if (!files.includes(path)) problems.push(`${path} is missing`);
  fail(problems);
}

/** Nothing may run when a package is installed: of its own it has no scripts, and none has what it depends on. */
function lintInstall({ folder, manifest }) {
  const seen = new Map();
  const visit = (modules, dependencies = {}) => {
    for (const name of Object.keys(dependencies)) {
      const path = realpathSync(join(modules, name));
      if (seen.has(path)) continue;
      const own = readJson(join(path, "package.json"));
      seen.set(path, own);
      // In the store of pnpm, what a package depends on lies beside it.
      visit(
        path.includes(`${sep}.pnpm${sep}`) ? path.slice(0, -name.length) : join(path, "node_modules"),
        own.dependencies,
      );
    }
  };
  visit(join(root, folder, "node_modules"), manifest.dependencies);
  const isRun = ([path, { scripts = {} }]) =>
    ["preinstall", "install", "postinstall"].some((script) => script in scripts) ||
    existsSync(join(path, "binding.gyp"));
  fail([...seen].filter(isRun).map(([, { name }]) => `${name} runs a script when it is installed`));
  return [...seen.values()].map(({ name }) => name).join(", ") || "no dependencies";
}

/** The entries that a user can import: `@sente-lite/node`, `@sente-lite/node/edn`, ... */
function entriesOf({ name, manifest }) {
  return Object.keys(manifest.exports)
    .filter((path) => path !== "./package.json")
    .map((path) => name + path.slice(1));
}

/** Compiles a file that imports these entries, with every .d.ts checked and no types but the language's. */
async function compile(user, title, entries, compilerOptions) {
  const folder = join(user, title);
  mkdirSync(folder);
  const lines = entries.map((entry, index) => `export * as entry${index} from ${JSON.stringify(entry)};\n`);
  writeFileSync(join(folder, "index.ts"), lines.join(""));
  const options = { strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, types: [], noEmit: true };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions: { ...options, ...compilerOptions }, files: ["index.ts"] }),
  );
  await run(process.execPath, [newestTsc, "-p", folder, "--pretty", "false"], { quiet: true });
  return `${entries.length} entries`;
}

/** Requires every namespace of a package in nbb, as it is installed. */
async function loadInNbb(user, { name, unpacked }) {
  const names = filesOf(join(unpacked, "src")).map((path) =>
    path
      .replace(/\.cljs$/, "")
      .replaceAll(sep, ".")
      .replaceAll("_", "-"),
  );
  writeFileSync(join(user, "load.cljs"), names.map((one) => `(require '${one})\n`).join(""));
  const nbb = join(root, "node_modules/nbb/cli.js");
  await run(process.execPath, [nbb, "--classpath", `node_modules/${name}/src`, "load.cljs"], {
    cwd: user,
    quiet: true,
  });
  return `${names.length} namespaces`;
}

async function checkAsUser(packed) {
  const user = join(temp, "user");
  mkdirSync(user);
  writeFileSync(join(user, "package.json"), JSON.stringify({ name: "user", private: true, type: "module" }));
  const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
  const install = (what, wanted) =>
    check("all", what, () => run("npm", ["install", ...quiet, ...wanted], { cwd: user, quiet: true }).then(() => ""));
  const tarballs = packed.map(({ tarball }) => tarball);
  if (!(await install("install together with npm", tarballs))) return;

  const node = { module: "nodenext", moduleResolution: "nodenext", target: "es2022", lib: ["es2022"] };
  const bundler = {
    module: "esnext",
    moduleResolution: "bundler",
    target: "es2022",
    lib: ["esnext", "dom", "dom.iterable"],
  };
  const imports = (entries) => {
    const code = entries.map((entry) => `await import(${JSON.stringify(entry)});`).join("\n");
    return run(process.execPath, ["--input-type=module", "--eval", code], { cwd: user, quiet: true });
  };
  // What has optional peers works without them, but for the entries that are about them.
  const peers = packed.flatMap(({ manifest }) => Object.entries(manifest.peerDependencies ?? {}));
  for (const { name, manifest } of packed) {
    if (manifest.peerDependencies === undefined) continue;
    await check(name, "works without its optional peers", async () => {
      await compile(user, `${name.slice(1).replace("/", "-")}-alone`, [name], node);
      await imports([name]);
    });
  }
  const wanted = peers.map(([name, range]) => `${name}@${range}`);
  if (wanted.length > 0 && !(await install("install with the optional peers", wanted))) return;
  for (const one of packed.filter((each) => isClojure(each))) {
    await check(one.name, "its namespaces load in nbb", () => loadInNbb(user, one));
  }
  const typed = packed.filter((each) => !isClojure(each));
  // Together, as what they say of the globals must agree; each alone below, so that none leans on what another declares.
  await check("all", "types, skipLibCheck off, ESNext with DOM", () =>
    compile(user, "bundler", typed.flatMap(entriesOf), bundler),
  );
  for (const one of typed) {
    const entries = entriesOf(one);
    const title = one.name.slice(1).replace("/", "-");
    await check(one.name, "types, skipLibCheck off, ES2022 alone", () => compile(user, `${title}-node`, entries, node));
    await check(one.name, "imports in Node", () => imports(entries).then(() => ""));
  }
}

/** Packs every package and checks the tarballs, each alone and then all of them as a user has them. */
async function checkAll() {
  if (!(await check("all", "build", () => build()))) return;
  const packed = [];
  for (const one of published) {
    const result = await pack(one);
    if (result === undefined) continue;
    packed.push(result);
    await check(one.name, "publint, strict", () => lintManifest(result));
    if (!isClojure(one)) await check(one.name, "are the types wrong, esm-only", () => lintTypes(result));
    await check(one.name, "holds nothing but what is for users", async () => lintContents(result));
    await check(one.name, "runs nothing when it is installed", async () => lintInstall(result));
  }
  if (packed.length === published.length) await checkAsUser(packed);
}

try {
  await checkAll();
} finally {
  rmSync(temp, { recursive: true, force: true });
}
console.log(failures === 0 ? "every check passed" : `${failures} failed`);
process.exitCode = failures === 0 ? 0 : 1;
