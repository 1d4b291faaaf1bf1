import { describe, expect, it } from "vitest";
import { createEndpoints, type EndpointsOptions } from "./endpoints.ts";

const well: EndpointsOptions = { health: () => ({ status: "healthy", reasons: [] }), isReady: () => true };

function get(options: Partial<EndpointsOptions>, path: string): Promise<Response> | undefined {
  return createEndpoints({ ...well, ...options }).fetch(new Request(`http://host${path}`));
}

describe("endpoints", () => {
  it("have no metrics where no text is given", async () => {
    expect((await get({}, "/metrics"))?.status).toBe(404);
  });

  it("answer with a query or a fragment behind the path", async () => {
    for (const path of ["/healthz?verbose=1", "/readyz#x"]) expect((await get({}, path))?.status).toBe(200);
  });

  it("leave other paths alone", () => {
    for (const path of ["/", "/healthz/x", "/health", "/x?/healthz", "/x#/healthz"])
      expect(get({}, path)).toBeUndefined();
  });

  it("tell nobody but onError what was thrown", async () => {
    const errors: unknown[] = [];
    const broken = new Error("a secret");
    const onError = (error: unknown) => errors.push(error);
    const answers = await Promise.all([
      get({ onError, health: () => Promise.reject(broken) }, "/healthz"),
      get({ onError, metricsText: () => Promise.reject(broken) }, "/metrics"),
      get(
        {
          onError,
          isReady: () => {
            throw broken;
          },
        },
        "/readyz",
      ),
    ]);
    expect(answers.map((response) => response?.status)).toEqual([503, 500, 503]);
    for (const response of answers) expect(await response?.text()).not.toContain("secret");
    expect(errors).toEqual([broken, broken, broken]);
  });

  it("answer although onError throws itself", async () => {
    const onError = () => {
      throw new Error("broken too");
    };
    const response = await get({ onError, health: () => Promise.reject(new Error("broken")) }, "/healthz");
    expect(response?.status).toBe(503);
  });
});
