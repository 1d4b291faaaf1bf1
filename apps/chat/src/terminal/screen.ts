import process from "node:process";
import { createInterface, type Interface } from "node:readline";

/** Where a terminal client prints, and is written to. Without a terminal: lines in, lines out. */
export interface Screen {
  readonly isTerminal: boolean;
  /** Prints above the line that is being written, so that the terminal's own history has it. */
  readonly print: (line: string, style?: "plain" | "faint") => void;
  /** What stands before the line that is being written. */
  readonly prompt: (text: string) => void;
  readonly close: () => void;
}

export interface ScreenEvents {
  readonly onLine: (line: string) => void;
  /** A key was pressed, with which the line became this one. */
  readonly onKey: (line: string) => void;
  /** There is no more input. */
  readonly onEnd: () => void;
  readonly onInterrupt: () => void;
}

/** What readline has on all three runtimes, and not in its types: rows above the cursor that it will clear. */
type Editor = Interface & { prevRows?: number };

export function openScreen(events: ScreenEvents): Screen {
  const { stdin, stdout } = process;
  const isTerminal = stdout.isTTY === true && stdin.isTTY === true;
  const isColored = process.env.NO_COLOR === undefined;
  const editor: Editor = createInterface({ input: stdin, output: stdout, terminal: isTerminal, prompt: "> " });
  let shown = "> ";
  let isClosed = false;

  editor.on("line", (line) => {
    // The terminal has it on the screen already, behind its prompt; the next one begins below.
    events.onLine(line);
    if (isTerminal && !isClosed) editor.prompt();
  });
  editor.on("close", () => events.onEnd());
  editor.on("SIGINT", () => events.onInterrupt());
  // After readline has taken the key.
  if (isTerminal) stdin.on("keypress", () => queueMicrotask(() => !isClosed && events.onKey(editor.line)));
  // Whoever read what we print is gone.
  stdout.on("error", () => process.exit());

  return {
    isTerminal,
    print: (line, style = "plain") => {
      if (!isTerminal || isClosed) return void stdout.write(`${line}\n`);
      // The written line may have wrapped over several rows: from its first one on, all is drawn anew.
      const { rows } = editor.getCursorPos();
      const up = rows > 0 ? `\u001b[${rows}A` : "";
      stdout.write(`${up}\r\u001b[J${style === "faint" && isColored ? `\u001b[2m${line}\u001b[22m` : line}\n`);
      editor.prevRows = 0;
      editor.prompt(true);
    },
    prompt: (text) => {
      if (!isTerminal || isClosed || text === shown) return;
      shown = text;
      editor.setPrompt(text);
      editor.prompt(true);
    },
    close: () => {
      isClosed = true;
      editor.close();
      // Deno and Bun would go on waiting for keys.
      stdin.pause();
      stdin.unref?.();
    },
  };
}
