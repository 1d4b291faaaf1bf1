import process from "node:process";
import { makeChannelSocketClient } from "@sente-lite/node";
import { runGuest } from "./guest/guest.ts";

runGuest("Node", process.versions.node, makeChannelSocketClient);
