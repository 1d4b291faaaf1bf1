import { expect, it } from "vitest";
import { demoPage } from "./demo-mode.ts";

const page = () => ({ status: 200, headers: {}, body: "the page" });

it("restarts for whoever could read its token, and for nobody else", () => {
  let restarts = 0;
  const answer = demoPage(page, () => restarts++);
  const { status, body } = answer("GET", "/demo");
  expect([status, typeof body]).toEqual([200, "string"]);
  answer("POST", "/demo/restart/guessed");
  answer("GET", `/demo/restart/${String(body)}`);
  expect(restarts).toBe(0);
  expect(answer("POST", `/demo/restart/${String(body)}`).status).toBe(202);
  expect(restarts).toBe(1);
});

it("offers nothing where the server is no demo", () => {
  const answer = demoPage(page, undefined);
  expect(answer("GET", "/demo").status).toBe(204);
  expect(answer("GET", "/").body).toBe("the page");
});
