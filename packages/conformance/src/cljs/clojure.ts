import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright";

/** A place where Clojure runs: nbb in a process, Scittle in a page. */
export interface Clojure {
  /** Evaluates forms, waits where the last is a promise, and resolves to what its value prints as. */
  readonly evaluate: (code: string) => Promise<string>;
  /** What it complained about by itself. */
  readonly complaints: () => string;
  readonly stop: () => Promise<void>;
}

export const root = fileURLToPath(new URL("../../../../", import.meta.url));
const { launchChromium }: { launchChromium(): Promise<Browser> } = await import(
  new URL("../../../../tooling/scripts/launch-chromium.mjs", import.meta.url).href
);

/** The arguments of Node that run a file in nbb, with the namespaces of the package. */
export function nbbArguments(file: string): readonly string[] {
  return [`${root}node_modules/nbb/cli.js`, "--classpath", `${root}packages/cljs/src`, file];
}

function here(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

interface Answer {
  readonly id: number;
  readonly value?: string;
  readonly error?: string;
}

/** The text of a file beside this one. */
export function source(name: string): Promise<string> {
  return readFile(here(name), "utf8");
}

/** Starts nbb. It ends with `stop`; a process that ended by itself rejects all that is asked of it. */
export async function startNbb(): Promise<Clojure> {
  const child: ChildProcess = spawn(process.execPath, nbbArguments(here("evaluator.cljs")), {
    cwd: root,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let complaints = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  const waiting = new Map<number, { resolve(value: string): void; reject(error: Error): void }>();
  let asked = 0;
  if (child.stdout === null) throw new Error("no output");
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (!line.startsWith('{"id":')) return;
    const { id, value, error } = JSON.parse(line) as Answer;
    const asker = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asker?.resolve(value ?? "");
    else asker?.reject(new Error(error));
  });
  const closed = once(child, "close");
  void closed.then(([code, signal]) => {
    for (const { reject } of waiting.values()) reject(new Error(`nbb ended with ${code ?? signal}: ${complaints}`));
  });
  return {
    evaluate: (code) =>
      new Promise((resolve, reject) => {
        if (child.exitCode !== null) reject(new Error(`nbb has ended: ${complaints}`));
        asked++;
        waiting.set(asked, { resolve, reject });
        child.stdin?.write(`${JSON.stringify(code)}\n`);
      }),
    complaints: () => complaints,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await closed;
    },
  };
}

/** The files of a page with Scittle, by their paths. */
const files: Readonly<Record<string, string>> = {
  "/sente-lite.js": "packages/browser/dist/sente-lite.global.js",
  "/scittle.js": "node_modules/scittle/dist/scittle.js",
  ...Object.fromEntries(
    ["values", "peer", "async", "client"].map((name) => [
      `/sente_lite/${name}.cljs`,
      `packages/cljs/src/sente_lite/${name}.cljs`,
    ]),
  ),
};

const page = `<!doctype html><meta charset="utf-8"><title>Scittle</title>
<script src="/sente-lite.js"></script>
<script src="/scittle.js"></script>
${["values", "peer", "async", "client"].map((name) => `<script type="application/x-scittle" src="/sente_lite/${name}.cljs"></script>`).join("\n")}`;

/** Opens a page with Scittle and the namespaces in a Chromium of its own. */
export async function startScittle(): Promise<Clojure> {
  const http = createServer(async (request, response) => {
    const file = files[request.url ?? ""];
    if (request.url === "/") response.setHeader("content-type", "text/html").end(page);
    else if (file === undefined) response.writeHead(404).end();
    else response.setHeader("content-type", "text/javascript").end(await readFile(root + file));
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const browser = await launchChromium();
  const tab = await browser.newPage();
  let complaints = "";
  tab.on("pageerror", (error) => {
    complaints += `${error.message}\n`;
  });
  tab.on("console", (line) => {
    if (line.type() === "error") complaints += `${line.text()}\n`;
  });
  await tab.goto(`http://127.0.0.1:${(http.address() as AddressInfo).port}/`);
  // Its scripts are fetched one after the other.
  await tab.waitForFunction(() =>
    (globalThis as unknown as { scittle: { core: { eval_string(code: string): unknown } } }).scittle.core.eval_string(
      "(some? (resolve 'sente-lite.client/make-error-channel))",
    ),
  );
  return {
    evaluate: (code) =>
      tab.evaluate(async (forms) => {
        const { scittle } = globalThis as unknown as {
          scittle: { core: { eval_string(code: string): unknown } };
        };
        try {
          const value = await scittle.core.eval_string(forms);
          (globalThis as unknown as { evaluated: unknown }).evaluated = value;
          return String(scittle.core.eval_string("(pr-str js/evaluated)"));
        } catch (error) {
          throw new Error((error as Error).message);
        }
      }, `(in-ns 'user) ${code}`),
    complaints: () => complaints,
    stop: async () => {
      await browser.close();
      http.closeAllConnections();
      http.close();
    },
  };
}
