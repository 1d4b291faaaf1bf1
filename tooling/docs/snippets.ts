/** A fenced block of a page, with the file name in its first line. */
export interface Snippet {
  readonly language: string;
  readonly name: string;
  readonly code: string;
  /** What it prints: its lines `// → ...`, in Clojure `;; → ...`. */
  readonly prints: readonly string[];
}

const FENCE = /^```(\w+)\n([\s\S]*?)^```$/gm;

const LANGUAGES: ReadonlySet<string> = new Set(["js", "html", "ts", "tsx", "clojure"]);

/** Clojure without a name is for a JVM, and is not run. */
const ofJvm = (language: string, code: string) => language === "clojure" && !/^;; \S+\.cljs\n/.test(code);

/** The runnable blocks of a Markdown page, by `LANGUAGES`. One without a name cannot be run, and throws; html needs none. */
export function snippetsOf(markdown: string): readonly Snippet[] {
  return [...markdown.matchAll(FENCE)]
    .filter(([, language = "", code = ""]) => LANGUAGES.has(language) && !ofJvm(language, code))
    .map(([, language = "", code = ""]) => {
      const name = language === "html" ? "index.html" : /^(?:\/\/|;;) (\S+)\n/.exec(code)?.[1];
      if (name === undefined) throw new Error(`a snippet has no file name in its first line:\n${code}`);
      return {
        language,
        name,
        code,
        prints: [...code.matchAll(/^(?:\/\/|;;) → (.*)$/gm)].map(([, line = ""]) => line),
      };
    });
}
