// pnpm api:report: writes packages/NAME/api.md, all that a published package declares to its users, for reviews to show what
// changes there. pnpm check:api fails where one is not what was built. Needs a build.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { root } from "./run.mjs";
import { entriesOf, listPublished } from "./workspace.mjs";

const printer = ts.createPrinter({ removeComments: true });

/** The declaration as it is written in a file of types: of a variable its whole statement. */
function statementOf(declaration) {
  return ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
}

/** The declaration without comments, `export` and `declare`. */
function textOf(declaration) {
  const text = printer.printNode(ts.EmitHint.Unspecified, statementOf(declaration), declaration.getSourceFile());
  return text
    .replace(/^(export )?(default )?(declare )?/, "")
    .replace(/^( {4})+/gm, (spaces) => " ".repeat(spaces.length / 2));
}

/**
 * What these entries declare, as Markdown: each name with the entries that export it; then what those names lead to in the
 * package and no entry exports.
 * @param {string} folder That of the package: what is declared outside of it is named, and not shown.
 * @param {readonly { readonly name: string, readonly types: string }[]} entries
 */
export function reportOf(folder, entries) {
  const files = entries.map(({ types }) => join(folder, types));
  const program = ts.createProgram(files, {
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ES2022,
    types: [],
    noEmit: true,
  });
  const checker = program.getTypeChecker();
  const original = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
  const isOwn = (declaration) => declaration.getSourceFile().fileName.startsWith(`${folder}/`);

  /** By symbol: its name, and the entries that export it. */
  const exported = new Map();
  for (const [index, { name: entry }] of entries.entries()) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(files[index]));
    if (module === undefined) throw new Error(`${entry} declares nothing: is it built?`);
    for (const one of checker.getExportsOfModule(module)) {
      const symbol = original(one);
      const known = exported.get(symbol) ?? { name: one.name, entries: [] };
      known.entries.push(entry);
      exported.set(symbol, known);
    }
  }

  const inner = new Map();
  const visit = (node) => {
    if (ts.isIdentifier(node)) {
      const found = checker.getSymbolAtLocation(node);
      const symbol = found && original(found);
      const [declaration] = symbol?.declarations ?? [];
      const isTop = declaration !== undefined && ts.isSourceFile(statementOf(declaration).parent);
      if (isTop && isOwn(declaration) && !exported.has(symbol) && !inner.has(symbol)) {
        inner.set(symbol, { name: symbol.name });
        for (const each of symbol.declarations) visit(each);
      }
    }
    ts.forEachChild(node, visit);
  };
  for (const symbol of exported.keys()) for (const one of (symbol.declarations ?? []).filter(isOwn)) visit(one);

  const sortSymbols = (symbols) =>
    [...symbols]
      .map(([symbol, { name, entries: of = [] }]) => ({ name, of: of.join(", "), from: symbol.declarations ?? [] }))
      .sort((a, b) => (`${a.name} ${a.of}` < `${b.name} ${b.of}` ? -1 : 1));
  const showSymbol = ({ name, of, from }) => {
    const code = from.filter(isOwn).map(textOf).join("\n");
    return `### ${name}${of === "" ? "" : `\n\n${of}`}\n\n\`\`\`ts\n${code}\n\`\`\``;
  };
  const all = sortSymbols(exported);
  const own = all.filter(({ from }) => from.some(isOwn));
  const others = all.filter(({ from }) => !from.some(isOwn)).map(({ name, of }) => `- ${name}: ${of}`);
  const parts = [
    ["## Exported", ...own.map(showSymbol)],
    ["## Exported, and declared by other packages", others.join("\n")],
    ["## Only named in these", ...sortSymbols(inner).map(showSymbol)],
  ];
  return parts
    .filter(([, ...content]) => content.join("") !== "")
    .flat()
    .join("\n\n");
}

/** Every report, by its file. */
function reports() {
  const published = listPublished().filter((one) => entriesOf(one).length > 0);
  return published.map((one) => {
    const folder = join(root, one.folder);
    const head = `# What ${one.name} declares\n\nWritten by \`pnpm api:report\`.\n\n`;
    const entries = entriesOf(one).map(({ name, types }) => ({ name: name.replace(one.name, "."), types }));
    return { file: join(folder, "api.md"), text: `${head}${reportOf(folder, entries)}\n` };
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { file, text } of reports()) {
    if (process.argv.includes("--write")) writeFileSync(file, text);
    else if (!existsSync(file) || readFileSync(file, "utf8") !== text) {
      console.error(`${relative(root, file)} is not what was built: pnpm api:report writes it`);
      process.exitCode = 1;
    }
  }
}
