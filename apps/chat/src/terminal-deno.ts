import { makeChannelSocketClient } from "@sente-lite/deno";
import { runTerminal } from "./terminal/terminal.ts";

runTerminal("deno", makeChannelSocketClient);
