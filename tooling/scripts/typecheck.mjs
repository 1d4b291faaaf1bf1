// Checks the types of projects: node typecheck.mjs TSCONFIG ..., in the folder of the first. By the newest TypeScript, which takes
// a third of the time; the builds are made by the version that package.json names, and the published tests compile with all.
import { newestTsc, run } from "./run.mjs";

for (const project of process.argv.slice(2)) {
  await run(process.execPath, [newestTsc, "-p", project], { cwd: process.cwd() }).catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
