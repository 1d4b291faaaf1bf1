import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { equal } from "../../values/equal.ts";
import { print } from "../../values/print.ts";
import { isTagged, isUri } from "../../values/types.ts";
import { readEdn } from "../edn/index.ts";
import { transitJson } from "../transit-json/index.ts";
import { transitMsgpack } from "./index.ts";

// The official exemplars, as for transit-json.
const folder =
  process.env.TRANSIT_FORMAT_DIR ??
  fileURLToPath(new URL("../../../../../../shared/vectors/transit-format", import.meta.url));
const names = existsSync(folder)
  ? readdirSync(folder)
      .filter((file) => file.endsWith(".mp"))
      .map((file) => file.slice(0, -".mp".length))
  : [];
if (names.length === 0) {
  console.warn(
    `NOT CHECKED: the exemplars of Transit over MessagePack. There are none in ${folder}; set TRANSIT_FORMAT_DIR.`,
  );
}

/** Where our bytes differ from the exemplar's, since JavaScript cannot tell what Clojure can: 1.0 from 1, lists. */
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

describe.skipIf(names.length === 0)("the exemplars of Transit over MessagePack", () => {
  const bytesOf = (name: string) => new Uint8Array(readFileSync(join(folder, `${name}.mp`)));
  const textOf = (name: string, kind: string) => readFileSync(join(folder, `${name}.${kind}`), "utf8");

  it("are all there", () => {
    expect(names.length).toBeGreaterThanOrEqual(48);
  });

  it.each(names)("%s is the same value in MessagePack, in JSON and in EDN", (name) => {
    const value = transitMsgpack.decode(bytesOf(name));
    const fromJson = transitJson.decode(textOf(name, "json"));
    expect([equal(value, fromJson), print(value)]).toEqual([true, print(fromJson)]);
    const edn = readEdn(textOf(name, "edn"));
    // EDN has no URIs: Clojure printed the Java object.
    if (name === "one_uri") expect([isUri(value), isTagged(edn, "object")]).toEqual([true, true]);
    else expect([equal(edn, value), print(edn)]).toEqual([true, print(value)]);
  });

  it.each(names)("%s is written as it was, byte for byte", (name) => {
    const bytes = bytesOf(name);
    const written = transitMsgpack.encode(transitMsgpack.decode(bytes)) as Uint8Array;
    if (differ.has(name)) expect(written).not.toEqual(bytes);
    else expect(written).toEqual(bytes);
    expect(equal(transitMsgpack.decode(written), transitMsgpack.decode(bytes))).toBe(true);
  });
});
