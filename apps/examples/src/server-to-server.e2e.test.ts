import { afterEach, expect, it } from "vitest";
import { endAll, startProgram, startServer } from "./program.ts";

const env = { TOKEN: "open sesame" };
const start = () => startServer("server-to-server/server.mjs", { runtime: "bun", env });
const startClient = (address: string, token: string) =>
  startProgram("server-to-server/client.mjs", {
    env: { PRICES_URL: `${address.replace("http", "ws")}/chsk`, TOKEN: token },
  });

afterEach(endAll);

it("lets a service on Node ask a server on Bun, and hear of what changes", async () => {
  const address = await start();
  const client = startClient(address, env.TOKEN);
  expect(await client.line("tea costs")).toBe("tea costs 3");
  const response = await fetch(`${address}/prices/tea`, { method: "PUT", body: "4" });
  expect(await response.json()).toEqual({ connections: 1 });
  expect(await client.line("now costs")).toBe("tea now costs 4");
});

it("refuses a service that does not know the token", async () => {
  const client = startClient(await start(), "guessed");
  await expect(client.line("tea costs")).rejects.toThrow("HandshakeError");
  expect(await client.ended).toBe(1);
});
