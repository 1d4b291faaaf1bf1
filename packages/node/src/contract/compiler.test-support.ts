import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

// Compiles small programs against the sources of the packages, as a strict user would.

const here = dirname(fileURLToPath(import.meta.url));
const base = join(here, "../../../../tooling/tsconfig/base.json");

/** A program's text with the compiler's errors below the lines that they are about. */
export interface Compiled {
  readonly text: string;
  readonly errors: readonly string[];
}

/**
 * Compiles programs, all at once: what they import is read and checked once. `further` compiler options go over those of
 * a strict user.
 */
export function compile(
  programs: ReadonlyMap<string, string>,
  further: ts.CompilerOptions = {},
): ReadonlyMap<string, Compiled> {
  const { config } = ts.readConfigFile(base, (path) => readFileSync(path, "utf8"));
  const { options } = ts.convertCompilerOptionsFromJson({ ...config.compilerOptions, types: ["node"] }, here);
  Object.assign(options, further);
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  const texts = new Map([...programs].map(([name, text]) => [join(here, `${name}.ts`), text]));
  host.fileExists = (path) => texts.has(path) || fileExists(path);
  host.getSourceFile = (path, language, ...rest) => {
    const text = texts.get(path);
    return text === undefined ? getSourceFile(path, language, ...rest) : ts.createSourceFile(path, text, language);
  };
  const program = ts.createProgram([...texts.keys()], options, host);
  return new Map(
    [...programs.keys()].map((name) => {
      const file = program.getSourceFile(join(here, `${name}.ts`));
      if (file === undefined) throw new Error(`${name} was not compiled`);
      const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
      return [
        name,
        { text: annotate(file, found), errors: found.map((one) => `${lineOf(file, one)}: ${messageOf(one)}`) },
      ];
    }),
  );
}

function lineOf(file: ts.SourceFile, { start = 0 }: ts.Diagnostic): string {
  return file.text.split("\n")[file.getLineAndCharacterOfPosition(start).line]?.trim() ?? "";
}

function messageOf({ messageText, code }: ts.Diagnostic): string {
  return `TS${code}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
}

function annotate(file: ts.SourceFile, found: readonly ts.Diagnostic[]): string {
  const lines = file.text.split("\n");
  const below = new Map<number, string[]>();
  for (const one of found) {
    const { line, character } = file.getLineAndCharacterOfPosition(one.start ?? 0);
    const room = (lines[line] ?? "").length - character;
    const marks = `${" ".repeat(character)}${"~".repeat(Math.max(1, Math.min(one.length ?? 1, room)))}`;
    const text = messageOf(one).replaceAll("\n", "\n//   ");
    below.set(line, [...(below.get(line) ?? []), `//${marks.slice(2)}`, `//   ${text}`]);
  }
  return lines.flatMap((line, index) => [line, ...(below.get(index) ?? [])]).join("\n");
}

/** The program without the errors that were written into it. */
export function stripAnnotations(text: string): string {
  return text.replaceAll(/^\/\/ *~+\n(\/\/ {3}.*\n)*/gm, "");
}
