import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { makeChannelSocketServer, startRouter } from "@sente-lite/node";
import { type Browser, chromium } from "playwright";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ServerName, serverNames, testedServers } from "../../packages/conformance/src/runtimes.mjs";
import { findChromium } from "../scripts/chromium.mjs";
import { runArgs, runtimePath } from "../scripts/runtimes.mjs";
import { listPublished } from "../scripts/workspace.mjs";
import { type Snippet, snippetsOf } from "./snippets.ts";
import { moduleName, moduleOf, typeErrors } from "./typescript.ts";

// Every snippet of the README and of docs/ runs here, against the built packages, and prints what it says. Those in
// TypeScript are compiled first.

const root = fileURLToPath(new URL("../..", import.meta.url));
const published = listPublished().map(({ folder }) => `${folder}/README.md`);
const pages = [
  "README.md",
  ...(await readdir(join(root, "docs"))).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`),
  ...published,
];

let folder: string;
let port: number;
const running: ChildProcess[] = [];

beforeAll(async () => {
  // Inside the repository, so that the packages are found as in a user's project.
  folder = await mkdtemp(join(root, "tooling/docs/.snippets-"));
  port = await freePort();
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function freePort(): Promise<number> {
  const probe = createTcpServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port: free } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return free;
}

/** The snippet with a port that is free here. */
const here = (text: string) => text.replaceAll("3000", String(port));

/** The runtime that a snippet names: `server.deno.ts`. */
const runtimeOf = (name: string) => serverNames.find((runtime) => name.endsWith(`.${runtime}.ts`));

const isTest = (name: string) => name.endsWith(".test.ts");
const isPage = (name: string) => /^(page[\w-]*\.ts|index\.html)$/.test(name);

/** What a snippet for a runtime needs besides the network: nothing, but where the package is another's. */
function permissionsOf(runtime: ServerName, code: string): readonly string[] {
  const other = Object.values(testedServers).find(
    (one) => one.runtime === runtime && one.package !== runtime && code.includes(`"@sente-lite/${one.package}"`),
  );
  return other?.allow ?? [];
}

/** How a snippet is run: by its name, on its runtime. */
function commandFor({ name, code }: Snippet, file: string): [string, readonly string[]] {
  if (isTest(name)) return [process.execPath, ["--test", file]];
  // May use the network alone: another permission, of which the page does not speak, is an error.
  const runtime = runtimeOf(name);
  if (runtime !== undefined) {
    return [runtimePath(runtime), [...runArgs(runtime, "net"), ...permissionsOf(runtime, code), file]];
  }
  if (name.endsWith(".cljs")) {
    const nbb = join(root, "node_modules/nbb/cli.js");
    return [process.execPath, [nbb, "--classpath", join(root, "packages/cljs/src"), file]];
  }
  return [process.execPath, [file]];
}

async function start(snippet: Snippet): Promise<ChildProcess> {
  const { name, code, language } = snippet;
  // Bun and Deno run TypeScript as it is, Node 20 does not.
  const isOther = runtimeOf(name) !== undefined;
  const file = join(folder, isOther ? name : moduleName(name));
  // A server on another runtime stands beside the page's own.
  const own = isOther ? await freePort() : port;
  const text = code.replaceAll("3000", String(own));
  await writeFile(file, language === "ts" && !isOther ? moduleOf(text) : text);
  const [command, args] = commandFor(snippet, file);
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  running.push(child);
  return child;
}

/** Frees the port for the next server. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

async function linesOf(child: ChildProcess, count: number): Promise<string[]> {
  const lines: string[] = [];
  if (child.stdout === null) throw new Error("no output");
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    // A server goes on: what it says first is all that it is asked for.
    if (lines.length === count) break;
  }
  return lines;
}

describe.each(pages)("%s", async (page) => {
  const snippets = snippetsOf(await readFile(join(root, page), "utf8"));
  const ofExamples = snippets.filter(({ name }) => name.startsWith("apps/examples/"));
  const inPages = snippets.filter(({ name }) => isPage(name));
  const programs = snippets.filter(
    (snippet) => /\.(mjs|ts|cljs)$/.test(snippet.name) && !ofExamples.includes(snippet) && !inPages.includes(snippet),
  );
  const inTypeScript = [...programs, ...inPages].filter(({ language }) => language === "ts");

  it("has no snippet that nothing runs", () => {
    expect([...programs, ...inPages, ...ofExamples].map(({ name }) => name).sort()).toEqual(
      snippets.map(({ name }) => name).sort(),
    );
  });

  if (ofExamples.length > 0) {
    it.each(ofExamples)("$name is what the tests of apps/examples run", async ({ name, code }) => {
      expect(code).toBe(`// ${name}\n${await readFile(join(root, name), "utf8")}`);
    });
  }

  afterAll(() => Promise.all(running.splice(0).map(stop)));

  if (inTypeScript.length > 0) {
    it("compiles", async () => {
      for (const { name, code } of inTypeScript) await writeFile(join(folder, name), code);
      for (const runtime of serverNames) {
        const names = inTypeScript.map(({ name }) => name).filter((name) => (runtimeOf(name) ?? "node") === runtime);
        if (names.length > 0) expect(await typeErrors(folder, names, runtime)).toEqual([]);
      }
    });
  }

  if (programs.length > 0) {
    it.each(programs)("$name prints what it says", async (snippet) => {
      const child = await start(snippet);
      if (snippet.name.startsWith("server.")) {
        expect(await linesOf(child, snippet.prints.length)).toEqual(snippet.prints.map(here));
        if (!/^server\.(ts|cljs)$/.test(snippet.name)) await stop(child);
        return;
      }
      const closed = once(child, "close");
      const lines = await linesOf(child, Number.POSITIVE_INFINITY);
      if (!isTest(snippet.name)) expect(lines).toEqual(snippet.prints.map(here));
      expect(await closed).toEqual([0, null]);
    });
  }

  if (inPages.length > 0) {
    it.each(inPages)("$name works in a page", async (snippet) => {
      await inChromium(snippet, page === "README.md" ? "bob: hello from a page" : "connected as ");
    });
  }
});

let browser: Browser | undefined;
afterAll(() => browser?.close());

async function inChromium(snippet: Snippet, text: string): Promise<void> {
  const http = pageServer(snippet);
  const server = makeChannelSocketServer({ userIdFn: ({ url, clientId }) => url.searchParams.get("uid") ?? clientId });
  startRouter(server, {
    "chat/send": ({ uid, data }) => {
      server.broadcastFn(["chat/message", { from: uid, text: (data as { text: string }).text }]);
      return { ok: true };
    },
  });
  server.attach(http);
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  browser ??= await chromium.launch({
    executablePath: (await findChromium()) ?? "",
    args: ["--no-sandbox", "--disable-gpu"],
  });
  const tab = await browser.newPage();
  const errors: string[] = [];
  tab.on("pageerror", (error) => errors.push(error.message));
  await tab.goto(`http://127.0.0.1:${(http.address() as AddressInfo).port}/`);
  await tab.getByText(text).waitFor();
  expect(errors).toEqual([]);
  await tab.close();
  await server.close();
  http.closeAllConnections();
  http.close();
}

const servedFiles =
  /^\/(packages\/(browser|protocol)\/dist|node_modules\/scittle\/dist|packages\/cljs\/src\/sente_lite)\/[\w.-]+\.(js|cljs)$/;

/** The snippet as a page, with the built packages where a bundler would put them. */
function pageServer({ name, code }: Snippet): Server {
  const map: Record<string, string> = {};
  for (const pkg of ["browser", "protocol"]) {
    const manifest = readFileSync(new URL(`../../packages/${pkg}/package.json`, import.meta.url), "utf8");
    const { exports } = JSON.parse(manifest) as { readonly exports: Readonly<Record<string, unknown>> };
    for (const entry of Object.keys(exports).map((name) => name.slice(2))) {
      map[entry === "" ? `@sente-lite/${pkg}` : `@sente-lite/${pkg}/${entry}`] =
        `/packages/${pkg}/dist/${entry || "index"}.js`;
    }
  }
  const script = `<script type="importmap">${JSON.stringify({ imports: map })}</script><script type="module">${code}</script>`;
  const body =
    name === "index.html"
      ? code
          .replace("https://unpkg.com/@sente-lite/browser", "/packages/browser/dist/sente-lite.global.js")
          .replaceAll("https://unpkg.com/@sente-lite/cljs/", "/packages/cljs/")
          .replace(/https:\/\/unpkg\.com\/scittle@[\d.]+\//, "/node_modules/scittle/")
      : script;
  return createServer(async (request, response) => {
    const path = request.url ?? "/";
    if (path === "/") {
      response
        .setHeader("content-type", "text/html; charset=utf-8")
        .end(`<!doctype html><title>snippet</title><body>${body}`);
    } else if (servedFiles.test(path)) {
      response.setHeader("content-type", "text/javascript").end(await readFile(join(root, path)));
    } else response.writeHead(404).end();
  });
}
