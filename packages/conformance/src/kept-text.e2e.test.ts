import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { runtimePath } from "../../../tooling/scripts/runtimes.mjs";
import { serverNames, serverRuntimes } from "./runtimes.mjs";

// Keywords are kept for reuse, names of rooms and what was said there for others, and applications keep what they like.
// Engines let a part of a text hold on to all of it: kept as it was cut out, each would keep the frame that it came in,
// and a peer could make a server hold gigabytes.

const FRAMES = 100;
const FRAME_BYTES = 200_000;

const collectable: Readonly<Record<string, readonly string[]>> = {
  node: ["--expose-gc"],
  deno: ["--v8-flags=--expose-gc"],
};

const program = (runtime: string) => `
  import process from "node:process";
  import { edn } from "@sente-lite/${runtime}/edn";
  import { json } from "@sente-lite/${runtime}/json";
  import { transitJson } from "@sente-lite/${runtime}/transit-json";
  import { transitMsgpack } from "@sente-lite/${runtime}/transit-msgpack";
  const collect = globalThis.gc ?? (() => globalThis.Bun.gc(true));
  const rest = "x".repeat(${FRAME_BYTES});
  const kept = [];
  const held = async (decode) => {
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < ${FRAMES}; i++) kept.push(decode(i)[0]);
    for (let turn = 0; turn < 3; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      collect();
    }
    return process.memoryUsage().heapUsed - before;
  };
  // As frames come: bytes first.
  const text = (written) => Buffer.from(written).toString();
  console.log(JSON.stringify({
    value: await held((i) => edn.decode(text(\`[:kept-for-reuse/value\${i} "\${rest}"]\`))),
    key: await held((i) => edn.decode(text(\`{:kept-for-reuse/key\${i} "\${rest}"}\`))),
    transit: await held((i) => transitJson.decode(text(\`["~:kept-for-reuse/transit\${i}","\${rest}"]\`))),
    string: await held((i) => edn.decode(text(\`["a text of some length \${i}" "\${rest}"]\`))),
    escaped: await held((i) => edn.decode(text(\`["\\\\nanother text, of a line \${i}" "\${rest}"]\`))),
    symbol: await held((i) => edn.decode(text(\`[kept-by-the-user/symbol\${i} "\${rest}"]\`))),
    json: await held((i) => json.decode(text(\`["a text in JSON of some length \${i}","\${rest}"]\`))),
    packed: await held((i) => transitMsgpack.decode(transitMsgpack.encode([\`a packed text of some length \${i}\`, rest]))),
  }));
`;

it.each(serverNames)("what is kept of a frame on %s does not keep the rest of it", async (runtime) => {
  const folder = await mkdtemp(fileURLToPath(new URL("../.hot-", import.meta.url)));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "held.mjs");
  await writeFile(file, `import { Buffer } from "node:buffer";${program(runtime)}`);
  const { run, all } = serverRuntimes[runtime];
  const args = [...run, ...(collectable[runtime] ?? []), ...all, file];
  const { stdout } = await promisify(execFile)(runtimePath(runtime), args);
  const held = JSON.parse(stdout) as Readonly<Record<string, number>>;
  const most = (FRAMES * FRAME_BYTES) / 4;
  expect(Object.entries(held).filter(([, bytes]) => bytes > most)).toEqual([]);
});
