import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";

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

/** An answer to a request, whatever the server that is to give it. */
export interface PageAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Null where there is none, as for HEAD. */
  readonly body: Uint8Array<ArrayBuffer> | string | null;
}

/** What else of a request counts: its `Accept-Encoding` and its `Host`. */
export interface PageHeaders {
  readonly accepts?: string | null | undefined;
  readonly host?: string | null | undefined;
}

/** Answers the requests of a page. */
export type Page = (method: string | undefined, path: string | undefined, headers?: PageHeaders) => PageAnswer;

interface PageFile {
  readonly type: string;
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly gzipped: Uint8Array<ArrayBuffer>;
}

/**
 * Reads the files of one folder, once at the start. Returns what answers the requests: what is not one of the files by
 * its exact name is not found, so that no path leads out of the folder.
 */
export function readPage(folder: string): Page {
  const files = new Map<string, PageFile>();
  for (const name of readdirSync(folder)) {
    const type = contentTypes[extname(name)];
    if (type === undefined) continue;
    const content = readFileSync(join(folder, name));
    files.set(`/${name}`, { type, plain: new Uint8Array(content), gzipped: new Uint8Array(gzipSync(content)) });
  }
  const index = files.get("/index.html");
  if (index !== undefined) files.set("/", index);

  return (method, path, { accepts } = {}) => {
    if (method !== "GET" && method !== "HEAD") {
      return { status: 405, headers: { ...headers, allow: "GET, HEAD" }, body: null };
    }
    const file = files.get(path?.split("?", 1)[0] ?? "/");
    if (file === undefined) {
      return {
        status: 404,
        headers: { ...headers, "content-type": "text/plain; charset=utf-8" },
        body: "Nothing here.\n",
      };
    }
    const isGzipped = /\bgzip\b/.test(accepts ?? "");
    const body = isGzipped ? file.gzipped : file.plain;
    return {
      status: 200,
      headers: {
        ...headers,
        vary: "accept-encoding",
        "content-type": file.type,
        "content-length": String(body.length),
        ...(isGzipped ? { "content-encoding": "gzip" } : {}),
      },
      body: method === "HEAD" ? null : body,
    };
  };
}
