import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { clientDefaults, serverDefaults } from "../../packages/protocol/src/limits.ts";
import { root } from "../scripts/run.mjs";

const text = readFileSync(join(root, "PROTOCOL.md"), "utf8");

/** Section 9 as a map from option to its defaults, as printed: `10,000 at a client; 12,000 at a server`. */
function printedDefaults(): Map<string, string> {
  const section = text.slice(text.indexOf("\n## 9. "));
  const defaults = new Map<string, string>();
  for (const [, names = "", printed = ""] of section.matchAll(/^\| (`.*?) \|.*\| (.*?) \|$/gm)) {
    const options = [...names.matchAll(/`(\w+)`/g)].map((match) => match[1] ?? "");
    const each = options.length > 1 ? printed.split("; ") : [printed];
    options.forEach((option, index) => {
      defaults.set(option, each[index] ?? "");
    });
  }
  return defaults;
}

function printed(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "no limit";
  if (value >= 1_048_576 && value % 1_048_576 === 0) return `${value / 1_048_576} MiB`;
  if (value === 65_536) return "64 KiB";
  return value.toLocaleString("en-US");
}

describe("PROTOCOL.md", () => {
  it("has the sections 1 to 9 that code and tests cite", () => {
    const numbers = [...text.matchAll(/^## (\d)\. /gm)].map((match) => match[1]);
    expect(numbers.join("")).toBe("123456789");
  });

  it("states in section 9 every default that the code has, and no other", () => {
    const code = new Map<string, string>();
    const names = new Set([...Object.keys(clientDefaults), ...Object.keys(serverDefaults)]);
    for (const name of names) {
      const client = (clientDefaults as unknown as Record<string, number>)[name];
      const server = (serverDefaults as unknown as Record<string, number>)[name];
      if (client === undefined || server === undefined || client === server) {
        code.set(name, printed(client ?? server ?? Number.NaN));
      } else {
        code.set(name, `${printed(client)} at a client; ${printed(server)} at a server`);
      }
    }
    const text = new Map([...printedDefaults()].map(([name, value]) => [name, value.replace(/ \(.*\)$/, "")]));
    expect(Object.fromEntries(text)).toEqual(Object.fromEntries(code));
  });
});
