import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { runtimePath } from "../../../tooling/scripts/runtimes.mjs";

// Servers of each runtime on ports of their own, in one process.

const execute = promisify(execFile);
const commands = {
  node: ["--input-type=module", "--eval"],
  bun: ["--eval"],
  deno: ["eval"],
} as const;

/** What a program on that runtime prints, line by line. */
async function run(runtime: keyof typeof commands, body: string): Promise<readonly string[]> {
  const entry = fileURLToPath(new URL(`../../${runtime}/dist/index.js`, import.meta.url));
  const program = `
    const { makeChannelSocketClient, makeChannelSocketServer, startRouter } = await import("file://${entry}");
    ${body}`;
  const { stdout } = await execute(runtimePath(runtime), [...commands[runtime], program]);
  return stdout.trim().split("\n");
}

const listensAgain = `
  let port = 0;
  for (let round = 0; round < 10; round++) {
    const server = makeChannelSocketServer();
    server.errorChan.on(({ error }) => console.log("server", error.code, error.message));
    startRouter(server, { "a/b": () => "answered" });
    const listening = await server.listen({ port });
    port = listening.port;
    const client = makeChannelSocketClient(listening.url, { reconnectBaseMs: 60_000, reconnectCapMs: 60_000 });
    // What it asks last waits for another server, until it is closed here.
    client.errorChan.on(({ error }) => error.code === "undelivered" || console.log("client", error.code, error.message));
    await client.ready();
    let answered = 0;
    let refused = 0;
    const isOver = () => client.state.get().lastWsClose !== null;
    const asking = [1, 2, 3].map(async () => {
      while (!isOver()) await client.requestFn(["a/b"]).then(() => answered++, () => refused++);
    });
    await client.requestFn(["a/b"]);
    // A connection that HTTP keeps open.
    await (await fetch("http://127.0.0.1:" + port + "/ready")).text();
    await server.close({ drainMs: 10_000 });
    const closed = await new Promise((resolve) => {
      const look = ({ lastWsClose }) => lastWsClose !== null && resolve(lastWsClose.code);
      client.state.subscribe(look);
      look(client.state.get());
    });
    client.close();
    await Promise.all(asking);
    if (closed !== 4503 || answered === 0) console.log("closed with", closed, answered, refused);
  }
  console.log("listened again");
`;

const refusals = `
  const refused = async (what, call) => {
    try {
      await call();
      console.log(what, "is taken");
    } catch (error) {
      console.log(what, error.name, error.code);
    }
  };
  const server = makeChannelSocketServer();
  for (const port of [-1, 65_536, 1.5, NaN, "3000", null]) await refused("port " + port, () => server.listen({ port }));
  await refused("listen null", () => server.listen(null));
  await refused("client null", () => makeChannelSocketClient("ws://127.0.0.1:1/chsk", null));
  await refused("client of nothing", () => makeChannelSocketClient());
  await refused("server null", () => makeChannelSocketServer(null));
  await refused("router null", () => startRouter(server, null));
  await refused("router of nothing", () => startRouter());
  if (server.attach !== undefined) {
    for (const given of [undefined, null, {}, "http"]) await refused("attach", () => server.attach(given));
  }
  await server.close();
`;

describe.each(["node", "bun", "deno"] as const)("on %s", (runtime) => {
  it("a server drains a client that never stops asking, and its port is free once it is closed", async () => {
    expect(await run(runtime, listensAgain)).toEqual(["listened again"]);
  });

  it("what cannot be meant is a UsageError at once", async () => {
    const lines = await run(runtime, refusals);
    expect(lines).toHaveLength(runtime === "node" ? 16 : 12);
    for (const line of lines) expect(line).toMatch(/ UsageError bad-(option|argument|url|handler)$/);
  });
});
