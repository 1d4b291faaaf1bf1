import { randomBytes } from "node:crypto";
import type { Page, PageAnswer } from "./page-files.ts";

const path = "/demo";

/**
 * The page of a demo at a host, whose visitors may restart the server and watch that nothing is lost. `GET /demo` gives a
 * token, which pages of other origins cannot read, and `POST /demo/restart/TOKEN` does it. Without a `restart` there is no
 * demo, and `GET /demo` says so with 204. `GET /demo/nodes` says with 204 that this is one server.
 */
export function demoPage(page: Page, hostname: string, restart: (() => void) | undefined): Page {
  const token = randomBytes(16).toString("hex");
  return (method, asked, headers) => {
    // Else a page could give our address a name of its own, and would be of our origin.
    if (asked?.startsWith(path) && !isOurs(headers?.host, hostname)) return answer(403, null);
    if (method === "GET" && asked === path) {
      return restart === undefined ? answer(204, null) : answer(200, token);
    }
    if (method === "GET" && asked === `${path}/nodes`) return answer(204, null);
    if (restart !== undefined && method === "POST" && asked === `${path}/restart/${token}`) {
      restart();
      return answer(202, null);
    }
    return page(method, asked, headers);
  };
}

/** Is that a name of this machine to itself, or the one at which it was told to listen? */
function isOurs(host: string | null | undefined, hostname: string): boolean {
  const name = (host ?? "").replace(/:\d+$/, "");
  return ["localhost", "127.0.0.1", "[::1]", hostname, `[${hostname}]`].includes(name);
}

function answer(status: number, body: string | null): PageAnswer {
  return { status, headers: { "cache-control": "no-store", "x-content-type-options": "nosniff" }, body };
}
