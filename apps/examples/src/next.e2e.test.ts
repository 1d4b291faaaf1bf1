import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { copyOf, removeCopies } from "./copy.ts";
import { clientOf, closeClients, nextEvent, openSocket, post, textAt } from "./peer.ts";
import { endAll, startServer } from "./program.ts";

// Next as its developers run it, with a route that matches every path: /chsk too.

let address: string;
beforeAll(async () => {
  const folder = await copyOf("next");
  await mkdir(join(folder, "app/[...path]"));
  await writeFile(join(folder, "app/[...path]/route.js"), `export const GET = () => new Response("any path");`);
  address = await startServer("server.mjs", { folder, env: { NEXT_TELEMETRY_DISABLED: "1" } });
  // With the first request, Next begins to listen for upgrades.
  await textAt(`${address}/hello`);
});
afterAll(async () => {
  closeClients();
  await endAll();
  await removeCopies();
});

it("answers the application's own routes", async () => {
  expect(await textAt(`${address}/hello`)).toBe("hello from Next");
  expect(await textAt(`${address}/some/path`)).toBe("any path");
});

it("replies over the channel socket, which Next leaves alone, and pushes what a route handler has to say", async () => {
  const client = clientOf(address);
  expect(await client.requestFn(["math/add", [1, 2]])).toBe(3);
  expect(await textAt(`${address}/another/path`)).toBe("any path");
  const notice = nextEvent(client, "notice/new");
  expect(await post(address, "tea is ready")).toEqual({ connections: 1 });
  expect(await notice).toEqual({ text: "tea is ready" });
  expect(client.state.get().lastWsClose).toBeNull();
});

it("leaves Next the socket over which it updates pages", async () => {
  const socket = await openSocket(`${address}/_next/hmr`);
  if (typeof socket === "number") throw new Error(`refused with ${socket}`);
  socket.terminate();
});
