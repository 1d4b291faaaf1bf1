import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readPage } from "./page-files.ts";

let folder: string;
let answer: ReturnType<typeof readPage>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "chat-page-"));
  writeFileSync(join(folder, "index.html"), "<!doctype html><title>x</title>");
  writeFileSync(join(folder, "page.js"), "export {};");
  writeFileSync(join(folder, "notes.txt"), "not for the web");
  answer = readPage(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

const textOf = (body: Uint8Array | string | null) =>
  body === null ? "" : typeof body === "string" ? body : new TextDecoder().decode(body);

it("serves the page and its files with their types, and with headers that forbid all else", () => {
  const page = answer("GET", "/?room=x");
  expect([page.status, textOf(page.body)]).toEqual([200, "<!doctype html><title>x</title>"]);
  expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
  expect(page.headers["content-security-policy"]).toMatch(/^default-src 'none'; script-src 'self';/);
  expect(page.headers["x-content-type-options"]).toBe("nosniff");
  expect(answer("GET", "/page.js").headers["content-type"]).toBe("text/javascript; charset=utf-8");
});

it("compresses where the asker takes that", () => {
  const page = answer("GET", "/", { accepts: "br, gzip;q=0.5" });
  expect(page.headers).toMatchObject({ "content-encoding": "gzip", vary: "accept-encoding" });
  expect(gunzipSync(page.body as Uint8Array).toString()).toBe("<!doctype html><title>x</title>");
  expect(answer("GET", "/", { accepts: "br" }).headers).not.toHaveProperty("content-encoding");
});

it("finds nothing outside the folder, and no file of another kind", () => {
  for (const path of [
    "/../server.ts",
    "/..%2fserver.ts",
    "//etc/passwd",
    "/notes.txt",
    "/%00",
    "/.",
    "/page.js/",
    "",
  ]) {
    expect(answer("GET", path).status).toBe(404);
  }
});

it("answers HEAD without a body and refuses to be written to", () => {
  expect(answer("HEAD", "/page.js")).toMatchObject({ status: 200, body: null });
  expect(answer("POST", "/").status).toBe(405);
});
