import { join } from "node:path";
import ts from "typescript";

// The TypeScript of a page: its snippets are one program, and each is run as a module.

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  types: ["node"],
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  allowImportingTsExtensions: true,
};

/** What the compiler says of these files, as a strict user's would. */
export function typeErrors(folder: string, names: readonly string[]): readonly string[] {
  const program = ts.createProgram(
    names.map((name) => join(folder, name)),
    options,
  );
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line + 1;
    return `${file?.fileName.slice(folder.length + 1)}:${line} ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
  });
}

/** The name of the module that a snippet is run as. */
export function moduleName(name: string): string {
  return name.replace(/\.ts$/, ".mjs");
}

/** The module itself: without types, and importing its neighbours as modules too. */
export function moduleOf(code: string): string {
  const { outputText } = ts.transpileModule(code, { compilerOptions: { ...options, noEmit: false } });
  return outputText.replaceAll(/(from "\.\/[\w.-]+)\.ts"/g, '$1.mjs"');
}
