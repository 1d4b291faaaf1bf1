import { expect, it } from "vitest";
import { createEndpoints } from "./endpoints.ts";
import type { Health } from "./health.ts";

it("says 404 for metrics that it was not given, and tells of what was thrown to nobody but onError", async () => {
  const heard: unknown[] = [];
  const health = async (): Promise<Health> => Promise.reject(new Error("secret"));
  const { fetch } = createEndpoints({ health, isReady: () => true, onError: (error) => heard.push(error) });
  const get = async (path: string) => (await fetch({ method: "GET", url: `http://a${path}` })) as Response;
  expect((await get("/metrics")).status).toBe(404);
  expect(await (await get("/healthz")).text()).not.toContain("secret");
  expect(heard).toEqual([new Error("secret")]);
  expect(fetch({ method: "GET", url: "http://a/healthz/x" })).toBeUndefined();
});
