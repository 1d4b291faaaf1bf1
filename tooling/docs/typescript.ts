import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import ts from "typescript";
import { type ServerName, serverRuntimes } from "../../packages/conformance/src/runtimes.mjs";
import { run } from "../scripts/run.mjs";
import { runtimePath } from "../scripts/runtimes.mjs";

// The TypeScript of a page: its snippets are one program, and each is run as a module.

const require = createRequire(import.meta.url);

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  allowImportingTsExtensions: true,
  // So that runtimes that only leave types out run them too.
  erasableSyntaxOnly: true,
  verbatimModuleSyntax: true,
};

/** The types of what the runtime has without an import; one that prints them prints those of the web too. */
async function globalsOf(runtime: ServerName, folder: string): Promise<ts.CompilerOptions> {
  const { types } = serverRuntimes[runtime];
  if (typeof types === "string") return { types: [dirname(require.resolve(`${types}/package.json`))] };
  const own = join(folder, `${runtime}-types`);
  await mkdir(own, { recursive: true });
  await writeFile(join(own, "index.d.ts"), await run(runtimePath(runtime), types, { quiet: true }));
  return { types: [own], lib: ["lib.esnext.d.ts"] };
}

/** What programs of one runtime have in common, the declarations of the language and of the packages: read once. */
const declarations = new Map<string, ts.SourceFile | undefined>();

function hostFor(compilerOptions: ts.CompilerOptions, folder: string, runtime: ServerName): ts.CompilerHost {
  const host = ts.createCompilerHost(compilerOptions);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (file, ...rest) => {
    if (file.startsWith(folder) || !file.endsWith(".d.ts")) return read(file, ...rest);
    const key = `${runtime} ${file}`;
    if (!declarations.has(key)) declarations.set(key, read(file, ...rest));
    return declarations.get(key);
  };
  return host;
}

/** What the compiler says of these files, as that of a strict user of the runtime would. */
export async function typeErrors(
  folder: string,
  names: readonly string[],
  runtime: ServerName,
): Promise<readonly string[]> {
  const compilerOptions = { ...options, ...(await globalsOf(runtime, folder)) };
  const program = ts.createProgram(
    names.map((name) => join(folder, name)),
    compilerOptions,
    hostFor(compilerOptions, folder, runtime),
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
