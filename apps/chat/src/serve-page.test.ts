import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { servePage } from "./serve-page.ts";

let folder: string;
let server: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "chat-page-"));
  writeFileSync(join(folder, "index.html"), "<!doctype html><title>x</title>");
  writeFileSync(join(folder, "page.js"), "export {};");
  writeFileSync(join(folder, "notes.txt"), "not for the web");
  server = createServer(servePage(folder));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
});
afterAll(async () => {
  await new Promise((closed) => server.close(closed));
  rmSync(folder, { recursive: true });
});

/** A request with exactly that path: `fetch` would resolve its dots. */
function get(path: string, method = "GET") {
  const { port } = server.address() as AddressInfo;
  return new Promise<{ status: number | undefined; headers: NodeJS.Dict<string | string[]>; body: string }>(
    (resolve, reject) => {
      const sent = request({ host: "127.0.0.1", port, path, method, agent: false }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          body += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body }));
      });
      sent.on("error", reject).end();
    },
  );
}

it("serves the page and its files with their types, and with headers that forbid all else", async () => {
  const page = await get("/?room=x");
  expect(page).toMatchObject({ status: 200, body: "<!doctype html><title>x</title>" });
  expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
  expect(page.headers["content-security-policy"]).toMatch(/^default-src 'none'; script-src 'self';/);
  expect(page.headers["x-content-type-options"]).toBe("nosniff");
  expect((await get("/page.js")).headers["content-type"]).toBe("text/javascript; charset=utf-8");
});

it("finds nothing outside the folder, and no file of another kind", async () => {
  for (const path of ["/../server.ts", "/..%2fserver.ts", "//etc/passwd", "/notes.txt", "/%00", "/.", "/page.js/"]) {
    expect((await get(path)).status).toBe(404);
  }
});

it("answers HEAD without a body and refuses to be written to", async () => {
  expect(await get("/page.js", "HEAD")).toMatchObject({ status: 200, body: "" });
  expect((await get("/", "POST")).status).toBe(405);
});
