import { fileURLToPath } from "node:url";
import { fileOf, readDeclared } from "./declared.ts";

// Does what a page calls ours exist?

const OURS = fileURLToPath(new URL("ours.ts", import.meta.url));
/** The entry points whose exports a page may name. */
const ENTRIES = ["flow", "node", "node/edn", "node/json", "node/transit-json", "node/testing"].map(
  (name) => `@sente-lite/${name}`,
);

/**
 * The judge of names: true for an entry point (`@sente-lite/node/edn`), an export of one (`startRouter`), one of the
 * protocol's events (`chsk/state`), and a path of properties that begins with a word of `Ours` (`client.chsk.connect`);
 * with `within`, the table's own word, also for a path that begins there (`userIdFn` within `serverOptions`).
 */
export function ourNames(): (name: string, within?: string) => boolean {
  const [ours, ...entries] = readDeclared([OURS, ...ENTRIES.map((entry) => fileOf(entry, OURS))]);
  const exports = new Set(entries.flatMap((entry) => entry.exports));
  const has = (path: readonly string[]) => ours?.propertiesAt(["Ours", ...path]) !== undefined;
  return (name, within) =>
    ENTRIES.includes(name) ||
    exports.has(name) ||
    has(["events", name]) ||
    has(name.split(".")) ||
    (within !== undefined && has([within, ...name.split(".")]));
}
