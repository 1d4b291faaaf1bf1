import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

// Every link of a page to a file of the repository, or to a heading, leads somewhere.

const root = fileURLToPath(new URL("../..", import.meta.url));
const docs = (await readdir(join(root, "docs"))).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`);
const pages = ["README.md", "CONTRIBUTING.md", "PROTOCOL.md", ...docs];

/** The anchors of a page, as GitHub makes them of its headings. */
function anchorsOf(markdown: string): ReadonlySet<string> {
  const headings = [...markdown.replaceAll(/^```[\s\S]*?^```/gm, "").matchAll(/^#+ (.*)$/gm)];
  return new Set(
    headings.map(([, title = ""]) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

function linksOf(markdown: string): readonly string[] {
  const links = [...markdown.replaceAll(/^```[\s\S]*?^```/gm, "").matchAll(/\]\(([^)\s]+)\)/g)];
  return links.map(([, target = ""]) => target).filter((target) => !/^[a-z]+:/.test(target));
}

async function isThere(page: string, link: string): Promise<boolean> {
  const [path = "", anchor] = link.split("#");
  const file = path === "" ? page : join(dirname(page), path);
  const found = await stat(join(root, file)).catch(() => undefined);
  if (found === undefined) return false;
  return anchor === undefined || !found.isFile() || anchorsOf(await readFile(join(root, file), "utf8")).has(anchor);
}

describe.each(pages)("%s", (page) => {
  it("has no link that leads nowhere", async () => {
    const links = linksOf(await readFile(join(root, page), "utf8"));
    const found = await Promise.all(links.map(async (link) => ((await isThere(page, link)) ? [] : [link])));
    expect(found.flat()).toEqual([]);
  });
});
