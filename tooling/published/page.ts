import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { makeChannelSocketServer, startRouter } from "@sente-lite/node";
import { chromium } from "playwright";
import { build } from "vite";
import { expect } from "vitest";
import { findChromium } from "../scripts/chromium.mjs";
import { snippet } from "./example.ts";

/** Bundles the README's page with what the project has installed, and looks at it in a Chromium. */
export async function runPage(project: string): Promise<void> {
  const files = await bundle(project);
  const server = makeChannelSocketServer({ userIdFn: ({ url }) => url.searchParams.get("uid") });
  startRouter(server, {
    "chat/send": ({ uid, data }) => {
      server.broadcastFn(["chat/message", { from: uid, text: (data as { text: string }).text }]);
      return { ok: true };
    },
  });
  const http = createServer((request, response) => {
    const path = request.url === "/" ? "index.html" : (request.url ?? "").slice(1);
    const content = files.get(path);
    if (content === undefined) return response.writeHead(404).end();
    return response.setHeader("content-type", path.endsWith(".js") ? "text/javascript" : "text/html").end(content);
  });
  server.attach(http);
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  try {
    await see(`http://127.0.0.1:${(http.address() as AddressInfo).port}/`, "bob: hello from a page");
  } finally {
    await server.close();
    http.closeAllConnections();
    http.close();
  }
}

/** The files of the bundled page, by their paths. */
async function bundle(project: string): Promise<ReadonlyMap<string, string | Uint8Array>> {
  const { name, code } = snippet("page.ts");
  writeFileSync(join(project, name), code);
  const html = `<!doctype html><title>page</title><body><script type="module" src="/${name}"></script></body>`;
  writeFileSync(join(project, "index.html"), html);
  const built = await build({ root: project, configFile: false, logLevel: "silent", build: { write: false } });
  if (!("output" in built)) throw new Error("Vite has built something else than one page");
  return new Map(built.output.map((file) => [file.fileName, file.type === "chunk" ? file.code : file.source]));
}

/** Opens a page and waits for a text there. */
async function see(address: string, text: string): Promise<void> {
  const browser = await chromium.launch({
    executablePath: (await findChromium()) ?? "",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
  });
  try {
    const tab = await browser.newPage();
    const faults: string[] = [];
    tab.on("pageerror", (error) => faults.push(error.message));
    await tab.goto(address);
    await tab.getByText(text).waitFor();
    expect(faults).toEqual([]);
  } finally {
    await browser.close();
  }
}
