// pnpm chat:nbb [--port N] [--host H]: the chat served by nbb. Builds its page, where that was changed.
import { build } from "./build.mjs";
import { chatProgram } from "./chat-programs.mjs";
import { become } from "./child.mjs";

try {
  const { command, args } = chatProgram(
    "server",
    "nbb",
    process.argv.slice(2).filter((arg) => arg !== "--"),
  );
  await build("@sente-lite/chat");
  become(command, args);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
