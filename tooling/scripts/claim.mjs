// A folder for one process at a time.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The first of the folders `parent/1`, `parent/2`, ... that no living process has claimed; made where it is missing,
 * and ours until this process ends. Throws where none can be had.
 * @param {string} parent
 * @returns {string}
 */
export function claim(parent) {
  for (let n = 1; n <= 100; n++) {
    const folder = join(parent, String(n));
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const owner = join(folder, "owner");
    if (!isOwned(owner)) rmSync(owner, { force: true });
    try {
      writeFileSync(owner, String(process.pid), { flag: "wx" });
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
      continue;
    }
    process.on("exit", () => rmSync(owner, { force: true }));
    return folder;
  }
  throw new Error(`all folders in ${parent} are in use`);
}

function isOwned(owner) {
  try {
    const pid = Number(readFileSync(owner, "utf8"));
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    // EPERM: somebody else's process, which lives.
    return error.code === "EPERM";
  }
}
