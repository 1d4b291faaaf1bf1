import process from "node:process";
import { setTimeout } from "node:timers";

/** How long a program may take to say goodbye. */
const GOODBYE_MS = 500;

/** Ends the program when it has nothing left to do, or soon: Deno goes on waiting for input that nobody will read. */
export function exitSoon(code: number): void {
  process.exitCode = code;
  setTimeout(() => process.exit(code), GOODBYE_MS).unref();
}
