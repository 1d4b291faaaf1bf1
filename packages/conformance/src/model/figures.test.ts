import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { figures } from "./figures.ts";

const protocol = readFileSync(new URL("../../../../PROTOCOL.md", import.meta.url), "utf8");
const section = protocol.slice(protocol.indexOf("\n## 6. "), protocol.indexOf("\n## 7. "));

const drawn = [...(await figures())];

describe("PROTOCOL.md section 6 shows, as client and server really do it,", () => {
  it.each(drawn)("%s", (_name, figure) => {
    // Where this fails, the figure that it expected is the one to put there.
    expect(section).toContain(`\n\`\`\`\n${figure}\n\`\`\`\n`);
  });
});
