import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { equal } from "../../values/equal.ts";
import { print } from "../../values/print.ts";
import { isTagged, isUri } from "../../values/types.ts";
import { readEdn } from "../edn/index.ts";
import { transitJson } from "./index.ts";

// The official exemplars (github.com/cognitect/transit-format, examples/0.8/simple) are not ours and not in the
// repository: TRANSIT_FORMAT_DIR names a folder with them, or they lie beside the repository.
const folder =
  process.env.TRANSIT_FORMAT_DIR ??
  fileURLToPath(new URL("../../../../../../shared/vectors/transit-format", import.meta.url));
const names = existsSync(folder)
  ? readdirSync(folder)
      .filter((file) => file.endsWith(".edn"))
      .map((file) => file.slice(0, -".edn".length))
  : [];
if (names.length === 0) {
  console.warn(
    `NOT CHECKED: the exemplars of the Transit format. There are none in ${folder}; set TRANSIT_FORMAT_DIR.`,
  );
}

/** Where our text differs from the exemplar's, since JavaScript cannot tell what Clojure can: 1.0 from 1, lists. */
const differ = new Set([
  "doubles_interesting",
  "doubles_small",
  "list_empty",
  "list_nested",
  "list_simple",
  "set_nested",
  "vector_mixed",
  "vector_nested",
]);

describe.skipIf(names.length === 0)("the exemplars of the Transit format", () => {
  const read = (name: string, kind: string) => readFileSync(join(folder, `${name}.${kind}`), "utf8");

  it("are all there", () => {
    expect(names.length).toBeGreaterThanOrEqual(48);
    expect([...differ].filter((name) => !names.includes(name))).toEqual([]);
  });

  it.each(names)("%s is the same value in JSON, in verbose JSON and in EDN", (name) => {
    const value = transitJson.decode(read(name, "json"));
    const verbose = transitJson.decode(read(name, "verbose.json"));
    expect([equal(value, verbose), print(verbose)]).toEqual([true, print(value)]);
    const edn = readEdn(read(name, "edn"));
    // EDN has no URIs: Clojure printed the Java object.
    if (name === "one_uri") expect([isUri(value), isTagged(edn, "object")]).toEqual([true, true]);
    else expect([equal(edn, value), print(edn)]).toEqual([true, print(value)]);
  });

  it.each(names)("%s is written as it was", (name) => {
    const text = read(name, "json").trim();
    const written = transitJson.encode(transitJson.decode(text));
    if (differ.has(name)) expect(written).not.toBe(text);
    else expect(written).toBe(text);
    expect(equal(transitJson.decode(written), transitJson.decode(text))).toBe(true);
  });
});
