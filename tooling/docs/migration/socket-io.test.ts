import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readDeclared } from "./declared.ts";
import { ourNames } from "./our-names.ts";
import { namesOf } from "./tables.ts";

// docs/migrating-from-socket-io.md speaks of every option of Socket.IO, as its types have them, and of nothing of ours
// that does not exist.

const page = await readFile(new URL("../../../docs/migrating-from-socket-io.md", import.meta.url), "utf8");
const rows = namesOf(page, "Socket.IO");
const [theirs] = readDeclared([fileURLToPath(new URL("socket-io.ts", import.meta.url))]);

/** Where the bare names of a table's second column are at home. */
const home: Readonly<Record<string, string>> = {
  "Options of the client": "clientOptions",
  "Options of the server": "serverOptions",
};

describe("docs/migrating-from-socket-io.md", () => {
  it.each(Object.keys(home))("%s: every option once, and no unknown one", (heading) => {
    const known = theirs?.propertiesAt(["SocketIoOptions", heading]) ?? [];
    const told = rows.filter((row) => row.heading === heading).flatMap(({ theirs: names }) => names);
    expect(known.length).toBeGreaterThan(20);
    expect([...told].sort()).toEqual([...known].sort());
  });

  it("names nothing as ours that does not exist", () => {
    const exists = ourNames();
    const strangers = rows.flatMap(({ heading, ours }) =>
      ours.filter((name) => !exists(name, home[heading])).map((name) => `${heading}: ${name}`),
    );
    expect(rows.length).toBeGreaterThan(50);
    expect(strangers).toEqual([]);
  });

  it("has a – where there is nothing of ours", () => {
    expect(rows.filter(({ ours, cell }) => ours.length === 0 && cell !== "–")).toEqual([]);
  });
});
