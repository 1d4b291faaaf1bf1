import { readdirSync, readFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { extname, join } from "node:path";

const contentTypes: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Scripts, styles and sockets from here only; nothing inline; and no string becomes markup. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const headers = {
  "content-security-policy": contentSecurityPolicy,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-cache",
};

/**
 * Serves the files of one folder, read once at the start: what is not one of them by its exact name is not found, so
 * that no path leads out of the folder.
 */
export function servePage(folder: string): RequestListener {
  const files = new Map<string, { readonly type: string; readonly body: Buffer }>();
  for (const name of readdirSync(folder)) {
    const type = contentTypes[extname(name)];
    if (type !== undefined) files.set(`/${name}`, { type, body: readFileSync(join(folder, name)) });
  }
  const index = files.get("/index.html");
  if (index !== undefined) files.set("/", index);

  return (request, response) => {
    const file = files.get(request.url?.split("?", 1)[0] ?? "/");
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { ...headers, allow: "GET, HEAD" }).end();
    } else if (file === undefined) {
      response.writeHead(404, { ...headers, "content-type": "text/plain; charset=utf-8" }).end("Nothing here.\n");
    } else {
      response.writeHead(200, { ...headers, "content-type": file.type, "content-length": file.body.length });
      response.end(request.method === "HEAD" ? undefined : file.body);
    }
  };
}
