import { Buffer } from "node:buffer";
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { allChanges, changed, changesBetween, readChange } from "../domain/changes.ts";
import type { ChatState } from "../domain/chat-state.ts";

/** Where rooms, names and messages outlive the process. Its functions do not throw: what fails is reported. */
export interface Store {
  /** The state with all that was kept. */
  readonly load: (initial: ChatState) => ChatState;
  /** Keeps what changed between two states. */
  readonly keep: (before: ChatState, after: ChatState) => void;
}

/** Keeps nothing. */
export const memoryStore: Store = { load: (initial) => initial, keep: () => {} };

/** When so much was appended, the file is written anew with what still counts, which has bounds of its own. */
const MAX_APPENDED_BYTES = 4 * 1024 * 1024;
/** A file that is larger was not written by us. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/**
 * Keeps the chat in one file: a line of JSON for each change, written at once, so that it survives the death of the
 * process at any time (not that of the machine, for which one would call fsync). A last line that was not written to
 * its end is left out. A file with lines that cannot be read is kept beside as `chat.jsonl.bad`; the rest counts.
 */
export function fileStore(folder: string, report: (message: string) => void): Store {
  const file = join(folder, "chat.jsonl");
  let appended = 0;
  let isBroken = false;

  /** After the first failure we go on without a file: an incomplete one would be worse than an old one. */
  const attempt = (what: string, work: () => void) => {
    if (isBroken) return;
    try {
      work();
    } catch (error) {
      isBroken = true;
      report(`cannot ${what} ${file}, and goes on without it: ${error instanceof Error ? error.message : error}`);
    }
  };
  /** Another file takes its place in one move: at any time there is a whole one. */
  const rewrite = (state: ChatState) => {
    writeFileSync(`${file}.new`, lines(allChanges(state)), { mode: 0o600 });
    renameSync(`${file}.new`, file);
    appended = 0;
  };

  return {
    load: (initial) => {
      let state = initial;
      attempt("read", () => {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        const read = readLines(file, initial);
        state = read.state;
        if (read.bad === 0) return;
        copyFileSync(file, `${file}.bad`);
        report(`${file} had ${read.bad} line(s) that cannot be read, and is kept as ${file}.bad`);
      });
      attempt("write", () => rewrite(state));
      return state;
    },
    keep: (before, after) => {
      const changes = changesBetween(before, after);
      if (changes.length === 0) return;
      attempt("write", () => {
        const text = lines(changes);
        appended += Buffer.byteLength(text);
        if (appended > MAX_APPENDED_BYTES) rewrite(after);
        else appendFileSync(file, text);
      });
    },
  };
}

function lines(values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join("");
}

function readLines(file: string, initial: ChatState): { readonly state: ChatState; readonly bad: number } {
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) return { state: initial, bad: 0 };
  if (size > MAX_FILE_BYTES) return { state: initial, bad: 1 };
  const text = readFileSync(file, "utf8");
  let state = initial;
  let bad = 0;
  // What comes after the last end of a line was not written to its end.
  for (const line of text.split("\n").slice(0, -1)) {
    const change = readChange(parsed(line));
    if (change === undefined) bad++;
    else state = changed(state, change);
  }
  return { state, bad };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
