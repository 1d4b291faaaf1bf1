import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { runtimePath } from "../../../tooling/scripts/runtimes.mjs";

// The codecs of each runtime's main entry, by their names alone.

const run = promisify(execFile);
const commands = {
  node: ["--input-type=module", "--eval"],
  bun: ["--eval"],
  deno: ["eval"],
} as const;
const names = ["transit-json", "edn", "json", "transit-msgpack", "sente-msgpack"];

const program = (entry: string) => `
  const { makeChannelSocketClient, makeChannelSocketServer } = await import(${JSON.stringify(entry)});
  for (const serialization of ${JSON.stringify(names)}) {
    const server = makeChannelSocketServer({ serialization, handshakeDataFn: ({ url }) => url.searchParams.get("codec") });
    server.chRecv.on("a/b", ({ data, replyFn }) => replyFn?.({ got: data }));
    const { url } = await server.listen();
    const client = makeChannelSocketClient(url, { serialization });
    const { got } = await client.requestFn(["a/b", "text"]);
    console.log(client.state.get().handshakeData, got);
    client.close();
    await server.close();
  }
`;

it.each(["node", "bun", "deno"] as const)(
  "on %s, server and client speak what serialization names",
  async (runtime) => {
    const entry = fileURLToPath(new URL(`../../${runtime}/dist/index.js`, import.meta.url));
    const { stdout } = await run(runtimePath(runtime), [...commands[runtime], program(`file://${entry}`)]);
    expect(stdout.trim().split("\n")).toEqual(names.map((name) => `${name} text`));
  },
);
