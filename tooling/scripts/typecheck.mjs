// Checks the types of projects, of the folder in which it runs: node typecheck.mjs TSCONFIG ... By the newest TypeScript, whose
// compiler is native and several times as fast; tests of what is published compile with those versions, too, that users have.
import { newestTsc, run } from "./run.mjs";

for (const project of process.argv.slice(2)) {
  await run(process.execPath, [newestTsc, "-p", project], { cwd: process.cwd() }).catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
