import ts from "typescript";

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  customConditions: ["@sente-lite/source"],
  lib: ["lib.es2023.d.ts", "lib.dom.d.ts"],
  types: ["node"],
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  allowImportingTsExtensions: true,
};

/** What a module declares, as the compiler sees it over the sources. */
export interface Declared {
  /** The names that it exports, types included. */
  readonly exports: readonly string[];
  /** The properties at the end of a path that begins with an exported interface; nothing where a step is missing. */
  readonly propertiesAt: (path: readonly string[]) => readonly string[] | undefined;
}

/** Reads modules by their files, as one program: much of what they reach is the same. */
export function readDeclared(files: readonly string[]): readonly Declared[] {
  const program = ts.createProgram(files, options);
  const checker = program.getTypeChecker();
  return files.map((file) => {
    const source = program.getSourceFile(file);
    const module = source && checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${file} is no module`);
    const exported = checker.getExportsOfModule(module);
    return {
      exports: exported.map(({ name }) => name),
      propertiesAt: ([first, ...path]) => {
        const symbol = exported.find(({ name }) => name === first);
        let type = symbol && checker.getDeclaredTypeOfSymbol(symbol);
        for (const name of path) {
          const property = type && checker.getPropertyOfType(checker.getNonNullableType(type), name);
          type = property && checker.getTypeOfSymbol(property);
        }
        return type && checker.getPropertiesOfType(checker.getNonNullableType(type)).map(({ name }) => name);
      },
    };
  });
}

/** The file behind an import, as it is resolved beside `from`. */
export function fileOf(specifier: string, from: string): string {
  const { resolvedModule } = ts.resolveModuleName(specifier, from, options, ts.sys);
  if (resolvedModule === undefined) throw new Error(`there is no ${specifier}`);
  return resolvedModule.resolvedFileName;
}
