import { once } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { clientOf, closeClients, nextEvent, openSocket, post, textAt } from "./peer.ts";
import { endAll, startServer } from "./program.ts";

// Each example on its own runtime, with the built packages.

const servers = [
  { name: "express", runtime: "node", greeting: "hello from Express" },
  { name: "fastify", runtime: "node", greeting: "hello from Fastify" },
  { name: "hono-node", runtime: "node", greeting: "hello from Hono" },
  { name: "hono-bun", runtime: "bun", greeting: "hello from Hono" },
  { name: "hono-deno", runtime: "deno", greeting: "hello from Hono" },
  { name: "bun", runtime: "bun", greeting: "hello from Bun" },
  { name: "deno", runtime: "deno", greeting: "hello from Deno" },
] as const;

afterEach(closeClients);

describe.each(servers)("$name", ({ name, runtime, greeting }) => {
  let address: string;
  beforeAll(async () => {
    address = await startServer(`${name}/server.mjs`, { runtime });
  });
  afterAll(endAll);

  it("answers the application's own routes", async () => {
    expect(await textAt(`${address}/hello`)).toBe(greeting);
  });

  it("replies over the channel socket, and pushes what a route has to say", async () => {
    const client = clientOf(address);
    expect(await client.requestFn(["math/add", [1, 2]])).toBe(3);
    const notice = nextEvent(client, "notice/new");
    expect(await post(address, "tea is ready")).toEqual({ connections: 1 });
    expect(await notice).toEqual({ text: "tea is ready" });
  });

  it("leaves upgrades to other paths to the application, which has nothing there", async () => {
    expect(await openSocket(`${address}/elsewhere`)).toBe(404);
  });

  if (name === "bun" || name === "deno") {
    it("leaves the application its own WebSockets", async () => {
      const socket = await openSocket(`${address}/echo`);
      if (typeof socket === "number") throw new Error(`refused with ${socket}`);
      const message = once(socket, "message");
      socket.send("hello");
      expect(String((await message)[0])).toBe("hello");
      socket.terminate();
    });
  }
});
