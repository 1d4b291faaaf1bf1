import { makeChannelSocketClient } from "@sente-lite/bun";
import { runTerminal } from "./terminal/terminal.ts";

runTerminal("bun", makeChannelSocketClient);
