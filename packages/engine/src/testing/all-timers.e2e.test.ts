import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

// In a process of its own: under these timers a worker of Vitest hears nothing more of its parent.
const program = `
import FakeTimers from "@sinonjs/fake-timers";
import { makeChannelSocketServer, startRouter } from "../node/dist/index.js";
import { json } from "../node/dist/json.js";
import { connectInMemory } from "../node/dist/testing.js";

const timers = FakeTimers.install();
const server = makeChannelSocketServer({ codecs: [json] });
startRouter(server, {
  "a/double": ({ data }) => Number(data) * 2,
  "a/hour": () => new Promise((resolve) => setTimeout(() => resolve("an hour"), 3_600_000)),
});
const { client, clock } = connectInMemory({ server, advanceTimers: timers.tickAsync.bind(timers) });
const ann = client("ann");
const answers = [await ann.requestFn(["a/double", 21])];
const late = ann.requestFn(["a/hour"], { timeoutMs: 7_200_000 });
await clock.advance(3_600_000);
answers.push(await late, ann.state.get().open);
timers.uninstall();
console.log(JSON.stringify(answers));
process.exit();
`;

it("a server in memory answers while sinon fakes every timer of the process, nextTick too, as Jest has it do", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    timeout: 20_000,
  });
  expect(JSON.parse(stdout)).toEqual([42, "an hour", true]);
});
