// What a benchmark writes into a page stands between two comments: <!-- NAME --> and <!-- /NAME -->.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Puts text between the comments with that name in a page; throws where it has none. */
export function writeBetweenMarkers(page, name, text) {
  const path = join(root, page);
  const before = readFileSync(path, "utf8");
  const [opening, closing] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = before.indexOf(opening);
  const to = before.indexOf(closing);
  if (from < 0 || to < from) throw new Error(`${page} has no ${opening} ... ${closing}`);
  writeFileSync(path, `${before.slice(0, from + opening.length)}\n${text}\n${before.slice(to)}`);
}
