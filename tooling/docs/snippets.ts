/** A fenced block of a page, with the file name in its first line. */
export interface Snippet {
  readonly language: string;
  readonly name: string;
  readonly code: string;
  /** What it prints: its lines `// → ...`. */
  readonly prints: readonly string[];
}

const FENCE = /^```(\w+)\n([\s\S]*?)^```$/gm;

/** The runnable blocks of a Markdown page: js, ts, tsx and html. A js block without a name cannot be run, and throws. */
export function snippetsOf(markdown: string): readonly Snippet[] {
  return [...markdown.matchAll(FENCE)]
    .filter(([, language]) => language === "js" || language === "html" || language === "ts" || language === "tsx")
    .map(([, language = "", code = ""]) => {
      const name = language === "html" ? "index.html" : /^\/\/ (\S+)\n/.exec(code)?.[1];
      if (name === undefined) throw new Error(`a snippet has no file name in its first line:\n${code}`);
      return { language, name, code, prints: [...code.matchAll(/^\/\/ → (.*)$/gm)].map(([, line = ""]) => line) };
    });
}
