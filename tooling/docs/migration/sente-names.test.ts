import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { ourNames } from "./our-names.ts";
import { namesOf } from "./tables.ts";

// docs/migrating-from-sente.md speaks of every public name of Sente, and of nothing of ours that does not exist.

interface SenteName {
  /** The heading of the table that has it. */
  readonly kind: string;
  readonly name: string;
  readonly where: string;
  readonly version: string;
}

const read = (path: string) => readFile(new URL(path, import.meta.url), "utf8");
const { names } = JSON.parse(await read("sente-names.json")) as { readonly names: readonly SenteName[] };
const rows = namesOf(await read("../../../docs/migrating-from-sente.md"), "Sente");
const kinds = [...new Set(names.map(({ kind }) => kind))];
const exists = ourNames();

/** Where the bare names of a table's second column are at home. */
const home: Readonly<Record<string, string>> = {
  "Options of the server": "serverOptions",
  "What the server gives": "server",
  "Options of the client": "clientOptions",
  "What the client gives": "client",
  "The client's state": "state",
  "Event messages of the server": "serverMessage",
  "Event messages of the client": "clientMessage",
};

describe("docs/migrating-from-sente.md", () => {
  it("has a table for each kind of name, and no other", () => {
    expect(new Set(rows.map(({ heading }) => heading))).toEqual(new Set(kinds));
  });

  it.each(kinds)("%s: every name once, and no unknown one", (kind) => {
    const known = names.filter((name) => name.kind === kind).map(({ name }) => name);
    const told = rows.filter(({ heading }) => heading === kind).flatMap(({ theirs }) => theirs);
    expect([...told].sort()).toEqual([...known].sort());
  });

  it("names nothing as ours that does not exist", () => {
    const strangers = rows.flatMap(({ heading, ours }) =>
      ours.filter((name) => !exists(name, home[heading])).map((name) => `${heading}: ${name}`),
    );
    expect(strangers).toEqual([]);
  });

  it("says why where there is nothing of ours", () => {
    expect(rows.filter(({ ours, cell, remark }) => ours.length === 0 && (cell !== "–" || remark === ""))).toEqual([]);
  });
});

describe("the judge of names", () => {
  it.each(["startRouter", "ErrorReport", "edn", "connectInMemory", "@sente-lite/node/edn", "chsk/uidport-open"])(
    "knows %s",
    (name) => expect(exists(name)).toBe(true),
  );

  it.each(["client.chsk.connect", "server.close", "request.url.searchParams", "state.udtNextReconnect"])(
    "finds %s by its path",
    (name) => expect(exists(name)).toBe(true),
  );

  it("finds a table's bare names at their home alone", () => {
    expect([exists("userIdFn", "serverOptions"), exists("userIdFn", "clientOptions"), exists("userIdFn")]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it.each(["startRouters", "client.chsk.destroy", "chsk/recv", "@sente-lite/node/msgpack", "state.openChanged", ""])(
    "does not know %s",
    (name) => expect(exists(name)).toBe(false),
  );
});
