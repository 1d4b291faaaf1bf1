import { randomBytes } from "node:crypto";
import type { Page, PageAnswer } from "./page-files.ts";

const path = "/demo";

/**
 * The page of a demo, whose visitors may restart the server and watch that nothing is lost. `GET /demo` gives a token,
 * which pages of other origins cannot read, and `POST /demo/restart/TOKEN` does it. Without a `restart` there is no demo,
 * and `GET /demo` says so with 204.
 */
export function demoPage(page: Page, restart: (() => void) | undefined): Page {
  const token = randomBytes(16).toString("hex");
  return (method, asked, accepts) => {
    if (method === "GET" && asked === path) {
      return restart === undefined ? answer(204, null) : answer(200, token);
    }
    if (restart !== undefined && method === "POST" && asked === `${path}/restart/${token}`) {
      restart();
      return answer(202, null);
    }
    return page(method, asked, accepts);
  };
}

function answer(status: number, body: string | null): PageAnswer {
  return { status, headers: { "cache-control": "no-store", "x-content-type-options": "nosniff" }, body };
}
