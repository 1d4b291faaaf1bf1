import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { makeChannelSocketServer, type NodeServer } from "@sente-lite/node";
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";

// By what a page's addresses are resolved: docs/connections.md.

const library = readFileSync(
  fileURLToPath(new URL("../../browser/dist/sente-lite.global.js", import.meta.url)),
  "utf8",
);

/** Makes a client of that address, and gives what came of it to `tell`. */
function program(address: string, tell: string): string {
  return `(async () => {
    const tell = ${tell};
    try {
      const client = SenteLite.makeChannelSocketClient(${JSON.stringify(address)}, { maxAttempts: 1 });
      await client.ready();
      client.close();
      tell("open");
    } catch (error) {
      tell(error.name + " " + error.code);
    }
  })()`;
}

const toParent = '(text) => parent.postMessage(text, "*")';

let browser: Browser;
let channel: NodeServer;
let http: Server;
let origin: string;
let asked: string[] = [];

beforeAll(async () => {
  const { launchChromium }: { launchChromium(): Promise<Browser> } = await import(
    new URL("../../../tooling/scripts/launch-chromium.mjs", import.meta.url).href
  );
  browser = await launchChromium();
  channel = makeChannelSocketServer();
  http = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://page");
    if (pathname === "/lib.js") response.setHeader("content-type", "text/javascript").end(library);
    else {
      const base = pathname.startsWith("/based") ? '<base href="/app/">' : "";
      response.setHeader("content-type", "text/html").end(`${base}<script src="/lib.js"></script><body></body>`);
    }
  });
  http.on("upgrade", (request, socket, head) => {
    const { pathname } = new URL(request.url ?? "/", "http://page");
    asked.push(pathname);
    if (["/chsk", "/app/chsk"].includes(pathname)) channel.handleUpgrade(request, socket, head);
    else socket.destroy();
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await browser?.close();
  await channel?.close();
  http?.close();
  http?.closeAllConnections();
});
beforeEach(() => {
  asked = [];
});

async function opened(path: string): Promise<Page> {
  const page = await browser.newPage();
  onTestFinished(() => page.close());
  await page.goto(`${origin}${path}`);
  return page;
}

/** What the program in a frame of that page tells. */
async function inFrame(page: Page, prepare: string): Promise<unknown> {
  return page.evaluate(`new Promise((resolve) => {
    addEventListener("message", ({ data }) => resolve(data));
    const frame = document.createElement("iframe");
    ${prepare}
  })`);
}

describe("a client's address in a page", () => {
  it("is resolved by <base>, as the page's own WebSocket does it", async () => {
    const page = await opened("/based/x");
    expect(await page.evaluate(`new Promise((resolve) => ${program("chsk", "resolve")})`)).toBe("open");
    expect(asked).toEqual(["/app/chsk"]);
  });

  it("stays what it was when the client first connected", async () => {
    const page = await opened("/app/page");
    const isOpen = await page.evaluate(`(async () => {
      const client = SenteLite.makeChannelSocketClient("chsk", { reconnectBaseMs: 1, reconnectCapMs: 5 });
      await client.ready();
      history.pushState({}, "", "/app/users/17/edit");
      client.chsk.breakConnection();
      await client.ready();
      client.close();
      return true;
    })()`);
    expect([isOpen, asked]).toEqual([true, ["/app/chsk", "/app/chsk"]]);
  });

  it("is the surrounding page's in a srcdoc frame", async () => {
    const page = await opened("/app/page");
    const html = `<script src="/lib.js"></script><script>${program("chsk", toParent)}</script>`;
    const prepare = `frame.srcdoc = ${JSON.stringify(html).replaceAll("</", "<\\/")}; document.body.append(frame);`;
    expect([await inFrame(page, prepare), asked]).toEqual(["open", ["/app/chsk"]]);
  });

  it("is the surrounding page's in a blank frame", async () => {
    const page = await opened("/app/page");
    const prepare = `document.body.append(frame);
      for (const text of [${JSON.stringify(library)}, ${JSON.stringify(program("/chsk", toParent))}]) {
        const script = frame.contentDocument.createElement("script");
        script.textContent = text;
        frame.contentDocument.body.append(script);
      }`;
    expect([await inFrame(page, prepare), asked]).toEqual(["open", ["/chsk"]]);
  });

  it("is where the blob was made in a document of a blob", async () => {
    const page = await opened("/app/page");
    const html = `<script src="${origin}/lib.js"></script><script>${program("/chsk", toParent)}</script>`;
    const prepare = `const blob = new Blob([${JSON.stringify(html)}], { type: "text/html" });
      frame.src = URL.createObjectURL(blob); document.body.append(frame);`;
    expect([await inFrame(page, prepare), asked]).toEqual(["open", ["/chsk"]]);
  });

  it("is where the blob was made in a worker of a blob", async () => {
    const page = await opened("/app/page");
    const source = JSON.stringify([library, ";", program("/chsk", "(text) => postMessage(text)")]);
    const told = await page.evaluate(`new Promise((resolve) => {
      const worker = new Worker(URL.createObjectURL(new Blob(${source})));
      worker.onmessage = ({ data }) => resolve(data);
    })`);
    expect([told, asked]).toEqual(["open", ["/chsk"]]);
  });

  it("is used as it is where it is whole, whatever the runtime's URL makes of it", async () => {
    const page = await opened("/app/page");
    // As React Native's does.
    await page.evaluate("globalThis.URL = class extends URL { get href() { return super.href + '/'; } };");
    const source = program(`${origin.replace("http", "ws")}/chsk`, "resolve");
    expect(await page.evaluate(`new Promise((resolve) => ${source})`)).toBe("open");
    expect(asked).toEqual(["/chsk"]);
  });

  it("is refused where there is nothing to resolve it by", async () => {
    const page = await opened("/app/page");
    const source = JSON.stringify(`${library};${program("/chsk", "(text) => postMessage(text)")}`);
    const told = await page.evaluate(`new Promise((resolve) => {
      const worker = new Worker("data:text/javascript," + encodeURIComponent(${source}));
      worker.onmessage = ({ data }) => resolve(data);
    })`);
    expect([told, asked]).toEqual(["UsageError bad-url", []]);
  });
});
