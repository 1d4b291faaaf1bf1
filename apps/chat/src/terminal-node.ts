import { makeChannelSocketClient } from "@sente-lite/node";
import { runTerminal } from "./terminal/terminal.ts";

runTerminal("node", makeChannelSocketClient);
