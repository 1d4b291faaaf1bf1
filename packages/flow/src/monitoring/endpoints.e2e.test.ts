import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { runtimePath } from "../../../../tooling/scripts/runtimes.mjs";

// The same small program on each runtime, over the built package, as a user would write it.
const PROGRAM = `
import { createEndpoints } from "@sente-lite/flow";
const state = { ready: true, status: "healthy", throws: false };
const endpoints = createEndpoints({
  health: () => {
    if (state.throws) throw new Error("the password is 1234");
    return { status: state.status, reasons: [] };
  },
  isReady: () => state.ready,
  metricsText: async () => "a_total 1\\n",
});
const own = (path) => {
  if (path.startsWith("/set/")) Object.assign(state, JSON.parse(decodeURIComponent(path.slice(5))));
  return "own " + path;
};
`;
const servers = {
  node: `${PROGRAM}
import { createServer } from "node:http";
const http = createServer((request, response) => {
  if (!endpoints.node(request, response)) response.end(own(request.url));
});
http.listen(0, "127.0.0.1", () => console.log(http.address().port));`,
  bun: `${PROGRAM}
const http = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request) => endpoints.fetch(request) ?? new Response(own(new URL(request.url).pathname)),
});
console.log(http.port);`,
  deno: `${PROGRAM}
Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: ({ port }) => console.log(port) }, (request) =>
  endpoints.fetch(request) ?? new Response(own(new URL(request.url).pathname)));`,
};
const commands = {
  node: [process.execPath],
  bun: [runtimePath("bun")],
  deno: [runtimePath("deno"), "run", "--no-prompt", "--allow-net"],
};
const running: ChildProcess[] = [];
const files: string[] = [];

afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
  for (const file of files) rmSync(file, { force: true });
});

async function start(runtime: keyof typeof servers): Promise<string> {
  // Beside this file, so that the package is found.
  const file = fileURLToPath(new URL(`.snippets-endpoints-${runtime}.mjs`, import.meta.url));
  files.push(file);
  writeFileSync(file, servers[runtime]);
  const [command = "", ...args] = commands[runtime];
  const child = spawn(command, [...args, file], { stdio: ["ignore", "pipe", "inherit"] });
  running.push(child);
  const [port] = (await once(createInterface(child.stdout), "line")) as [string];
  return `http://127.0.0.1:${port}`;
}

describe.each(["node", "bun", "deno"] as const)("on %s", (runtime) => {
  it("answers its three paths, and leaves the others to the application", { timeout: 60_000 }, async () => {
    const origin = await start(runtime);
    const get = async (path: string, method = "GET") => {
      const response = await fetch(`${origin}${path}`, { method });
      return [response.status, await response.text()];
    };
    const set = (state: object) => get(`/set/${encodeURIComponent(JSON.stringify(state))}`);
    expect(await get("/healthz?x=1")).toEqual([200, '{"status":"healthy","reasons":[]}']);
    expect(await get("/readyz")).toEqual([200, "ready"]);
    expect(await get("/metrics")).toEqual([200, "a_total 1\n"]);
    expect(await get("/metrics", "HEAD")).toEqual([200, ""]);
    expect((await get("/healthz", "POST"))[0]).toBe(405);
    expect((await get("/other"))[1]).toBe("own /other");
    await set({ ready: false, status: "unhealthy" });
    expect([(await get("/healthz"))[0], (await get("/readyz"))[0]]).toEqual([503, 503]);
    await set({ status: "degraded" });
    expect((await get("/healthz"))[0]).toBe(200);
    await set({ throws: true });
    expect(await get("/healthz")).toEqual([503, '{"status":"unhealthy","reasons":["The health check failed."]}']);
  });
});
