/** A row of a table of names: theirs, ours, and what there is to say. */
export interface Row {
  readonly heading: string;
  readonly theirs: readonly string[];
  readonly ours: readonly string[];
  /** The second cell, as it is written. */
  readonly cell: string;
  readonly remark: string;
}

/** The rows of all tables of a page whose first column is called so, each with the heading that it stands under. */
export function namesOf(markdown: string, column: string): readonly Row[] {
  const rows: Row[] = [];
  let heading = "";
  let isOfNames = false;
  for (const line of markdown.split("\n")) {
    const title = /^#+ (.*)$/.exec(line)?.[1];
    if (title !== undefined) heading = title;
    if (!line.startsWith("|")) {
      isOfNames = false;
      continue;
    }
    const [theirs = "", cell = "", remark = ""] = line
      .split("|")
      .slice(1, -1)
      .map((text) => text.trim());
    if (theirs === column) isOfNames = true;
    else if (isOfNames && !/^-+$/.test(theirs)) {
      rows.push({ heading, theirs: readTicked(theirs), ours: readTicked(cell), cell, remark });
    }
  }
  return rows;
}

function readTicked(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
}
