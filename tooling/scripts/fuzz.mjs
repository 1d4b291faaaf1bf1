// pnpm fuzz [SECONDS]: damaged frames for every codec, for so long (60 seconds where nothing is said). What fails is
// shown as small as it can be, with its seed.
import { spawnSync } from "node:child_process";
import { root } from "./run.mjs";

const seconds = Number(process.argv[2] ?? 60);
if (!(seconds > 0)) {
  console.error("pnpm fuzz [SECONDS]: a number of seconds");
  process.exit(2);
}
const { status } = spawnSync(
  process.execPath,
  ["node_modules/vitest/vitest.mjs", "run", "--project", "unit", "packages/protocol/src/codecs/fuzz.test.ts"],
  { cwd: root, stdio: "inherit", env: { ...process.env, FUZZ_SECONDS: String(seconds) } },
);
process.exit(status ?? 1);
