// pnpm demo [--port 3000] [--host 127.0.0.1]: builds, and serves the chat until Ctrl-C.
import { join } from "node:path";
import { build } from "./build.mjs";
import { become } from "./child.mjs";
import { root, seconds } from "./run.mjs";

const begun = performance.now();
console.log("building packages ...");
try {
  await build({ name: "@sente-lite/chat" });
} catch (error) {
  console.error(error.message);
  console.error("the demo cannot start: the build failed (see above)");
  process.exit(1);
}
console.log(`built in ${seconds(performance.now() - begun)}; starting the chat (Ctrl-C ends it)`);
const args = process.argv.slice(2).filter((arg) => arg !== "--");
become(process.execPath, [join(root, "apps/chat/dist/server.js"), ...args]);
