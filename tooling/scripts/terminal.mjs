// pnpm chat:terminal [--runtime node|bun|deno|nbb] [--url ws://...] [--name NAME] [--room ROOM] [--key KEY]
// Joins the chat from this terminal. Builds only what was changed.
import { build } from "./build.mjs";
import { chatProgram } from "./chat-programs.mjs";
import { become } from "./child.mjs";

const given = process.argv.slice(2).filter((arg) => arg !== "--");
const at = given.indexOf("--runtime");
const runtime = at === -1 ? "node" : given[at + 1];
if (at !== -1) given.splice(at, 2);
try {
  const { command, args } = chatProgram("terminal", runtime, given);
  await build("@sente-lite/chat");
  become(command, args);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
