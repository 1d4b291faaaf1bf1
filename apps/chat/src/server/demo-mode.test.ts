import { expect, it } from "vitest";
import { demoPage } from "./demo-mode.ts";

const page = () => ({ status: 200, headers: {}, body: "the page" });
const here = { host: "chat.example:3000" };

it("restarts for whoever could read its token, and for nobody else", () => {
  let restarts = 0;
  const answer = demoPage(page, "chat.example", () => restarts++);
  const { status, body } = answer("GET", "/demo", here);
  expect([status, typeof body]).toEqual([200, "string"]);
  answer("POST", "/demo/restart/guessed", here);
  answer("GET", `/demo/restart/${String(body)}`, here);
  answer("POST", `/demo/restart/${String(body)}`, { host: "evil.example:3000" });
  expect(restarts).toBe(0);
  expect(answer("POST", `/demo/restart/${String(body)}`, here).status).toBe(202);
  expect(restarts).toBe(1);
});

it("says nothing to a page that gave our address a name of its own", () => {
  const answer = demoPage(page, "127.0.0.1", () => {});
  for (const host of ["evil.example:3000", "127.0.0.1.evil.example", "", undefined]) {
    expect(answer("GET", "/demo", { host })).toMatchObject({ status: 403, body: null });
  }
  for (const host of ["127.0.0.1:3000", "localhost:3000", "[::1]:3000"]) {
    expect(answer("GET", "/demo", { host }).status).toBe(200);
  }
});

it("offers nothing where the server is no demo", () => {
  const answer = demoPage(page, "chat.example", undefined);
  expect(answer("GET", "/demo", here).status).toBe(204);
  expect(answer("GET", "/demo/nodes", here).status).toBe(204);
  expect(answer("GET", "/").body).toBe("the page");
});
