import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { claim } from "./claim.mjs";

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "claim-"));
});
afterEach(() => rmSync(parent, { recursive: true }));

it("gives each process a folder of its own, and one again whose owner is dead or never said who it was", () => {
  expect(claim(parent)).toBe(join(parent, "1"));
  expect(claim(parent)).toBe(join(parent, "2"));
  writeFileSync(join(parent, "1", "owner"), "2147483646");
  expect(claim(parent)).toBe(join(parent, "1"));
  writeFileSync(join(parent, "2", "owner"), "");
  expect(claim(parent)).toBe(join(parent, "2"));
});
