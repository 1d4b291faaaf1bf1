// The rules of the import graph, for dependency-cruiser: no circle, and no arrow that CONTRIBUTING.md does not draw.

/**
 * The lines `a -> b, c` of the drawing with that name.
 * @param {string} text
 * @returns {Map<string, readonly string[]>}
 */
export function arrowsIn(text, name) {
  const drawing = new RegExp(`<!-- arrows: ${name} -->\\s*\`\`\`\\n([^]*?)\\n\`\`\``).exec(text)?.[1];
  if (drawing === undefined) throw new Error(`CONTRIBUTING.md draws no arrows of ${name}`);
  const arrows = new Map();
  for (const line of drawing.split("\n")) {
    const [from, to] = line.split("->").map((part) => part.trim());
    if (!from || to === undefined) throw new Error(`no arrow of ${name}: ${line}`);
    arrows.set(from, to === "" ? [] : to.split(",").map((part) => part.trim()));
  }
  for (const to of [...arrows.values()].flat()) {
    if (!arrows.has(to)) throw new Error(`an arrow of ${name} leads to ${to}, which has no line of its own`);
  }
  return arrows;
}

const protocol = "^packages/protocol/src/";
const tests = "\\.(test|test-d|test-support)\\.ts$";
/** What hands out what the folders hold. */
const entries = `${protocol}((session/)?index\\.ts$|calls\\.ts$|testing/)`;

/** Where the files of a name in a drawing are. */
const places = {
  packages: (name) => (["apps", "tooling"].includes(name) ? `^${name}/` : `^packages/${name}/`),
  protocol: (name, names) => {
    if (name !== "ground") return `${protocol}${name}(/|\\.ts$)`;
    // The files outside of folders that have no line of their own.
    const others = names.filter((one) => one !== "ground").join("|");
    return `${protocol}(?!(${others})\\.ts$)[^/]+\\.ts$`;
  },
};

/** A rule for each line of a drawing: what it names imports itself, what its arrows lead to, and nothing else below `all`. */
function rulesOf(arrows, place, all, except) {
  const names = [...arrows.keys()];
  const drawn = names.map((name) => place(name, names));
  return [
    {
      name: "not-drawn",
      comment: "CONTRIBUTING.md has no line for it",
      severity: "error",
      from: { path: all, pathNot: [...drawn, ...except] },
      to: {},
    },
    ...names.map((name) => ({
      name: `${name} -> ${arrows.get(name).join(", ")}`,
      comment: "CONTRIBUTING.md draws no other arrows",
      severity: "error",
      from: { path: place(name, names), pathNot: except },
      to: { path: all, pathNot: [name, ...arrows.get(name)].map((one) => place(one, names)) },
    })),
  ];
}

/**
 * The rules that CONTRIBUTING.md, given as `text`, draws.
 * @returns {NonNullable<import("dependency-cruiser").IFlattenedRuleSet["forbidden"]>}
 */
export function rulesIn(text) {
  const model = "^packages/conformance/src/model/";
  return [
    { name: "no-circle", severity: "error", from: { pathNot: model }, to: { circular: true } },
    {
      name: "no-circle-of-values",
      comment: "the model and what watches it may name each other's types",
      severity: "error",
      from: { path: model },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    { name: "resolved", severity: "error", from: {}, to: { couldNotResolve: true } },
    ...rulesOf(arrowsIn(text, "packages"), places.packages, "^(packages/[^/]+|apps|tooling)/", [tests]),
    ...rulesOf(arrowsIn(text, "protocol"), places.protocol, protocol, [tests, entries]),
  ];
}
