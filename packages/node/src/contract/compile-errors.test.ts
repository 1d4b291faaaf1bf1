import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { compile, unannotated } from "./compiler.test-support.ts";

// Each file of golden/ is a small program that is wrong, with what the compiler says of it below the line at fault. The
// errors are for people: read them when they change. To add one, write a program there and run vitest with -u.

const here = fileURLToPath(new URL(".", import.meta.url));
const wrong = readdirSync(`${here}golden`).filter((name) => name.endsWith(".txt"));
const right = readdirSync(here).filter((name) => name.endsWith(".test-d.ts"));
const compiled = compile(
  new Map([
    ...wrong.map((name) => [name, unannotated(readFileSync(`${here}golden/${name}`, "utf8"))] as const),
    ...right.map((name) => [name, readFileSync(`${here}${name}`, "utf8")] as const),
  ]),
);

describe("a program against its contract", () => {
  it.each(wrong)("is refused with words that help: %s", async (name) => {
    expect(compiled.get(name)?.errors).not.toEqual([]);
    await expect(compiled.get(name)?.text).toMatchFileSnapshot(`${here}golden/${name}`);
  });

  it("is refused in the words that docs/contract.md quotes", () => {
    const page = readFileSync(`${here}../../../../docs/contract.md`, "utf8");
    const quoted = [...page.matchAll(/^```text\n([\s\S]*?)^```$/gm)].flatMap(([, block = ""]) =>
      block.trim().split("\n"),
    );
    const said = wrong.map((name) => compiled.get(name)?.text).join("\n");
    expect(quoted.filter((line) => !said.includes(line))).toEqual([]);
    expect(quoted.length).toBeGreaterThan(3);
  });

  it.each(right)("compiles, with the types that it says: %s", (name) => {
    expect(compiled.get(name)?.errors).toEqual([]);
  });
});
