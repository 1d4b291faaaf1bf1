import { makeChannelSocketClient } from "@sente-lite/bun";
import { runGuest } from "./guest/guest.ts";

declare const Bun: { readonly version: string };

runGuest("Bun", Bun.version, makeChannelSocketClient);
