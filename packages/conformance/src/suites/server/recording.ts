import { readFileSync } from "node:fs";

/** A recording of a real peer: `sente/edn.json`. */
export function readRecording<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(`../../../../protocol/golden/${file}`, import.meta.url), "utf8")) as T;
}
