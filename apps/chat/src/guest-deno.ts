import { makeChannelSocketClient } from "@sente-lite/deno";
import { runGuest } from "./guest/guest.ts";

declare const Deno: { readonly version: { readonly deno: string } };

runGuest("Deno", Deno.version.deno, makeChannelSocketClient);
