import { Buffer } from "node:buffer";
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PERMANENT } from "../domain/chat-state.ts";
import type { Message } from "../domain/events.ts";
import { MAX_HISTORY, MAX_ROOMS } from "../domain/limits.ts";
import { fieldsOf, readMessage, readRoomName } from "../domain/readers.ts";

/** The last messages of rooms, by room, oldest first. */
export type Kept = ReadonlyMap<string, readonly Message[]>;

/** Where messages outlive the process. Its functions do not throw: what fails is reported. */
export interface Store {
  /** All that was kept, to be said once more into the histories of the library, which live in memory. */
  readonly load: () => Kept;
  readonly keep: (room: string, message: Message) => void;
}

/** Keeps nothing. */
export const memoryStore: Store = { load: () => new Map(), keep: () => {} };

/** When so much was appended, the file is written anew with what still counts. */
const MAX_APPENDED_BYTES = 4 * 1024 * 1024;
/** A file that is larger was not written by us. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/**
 * Keeps messages in one file: a line of JSON for each, written at once, so that it survives the death of the process at
 * any time (not that of the machine, for which one would call fsync). A last line that was not written to its end is
 * left out. A file with lines that cannot be read is kept beside as `chat.jsonl.bad`; the rest counts.
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
  const rewrite = (kept: Kept) => {
    const lines = [...kept].flatMap(([room, messages]) => messages.map((message) => lineOf(room, message)));
    writeFileSync(`${file}.new`, lines.join(""), { mode: 0o600 });
    renameSync(`${file}.new`, file);
    appended = 0;
  };

  return {
    load: () => {
      let kept: Kept = new Map();
      attempt("read", () => {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        const read = readFile(file);
        kept = read.kept;
        if (read.bad === 0) return;
        copyFileSync(file, `${file}.bad`);
        report(`${file} had ${read.bad} line(s) that cannot be read, and is kept as ${file}.bad`);
      });
      attempt("write", () => rewrite(kept));
      return kept;
    },
    keep: (room, message) =>
      attempt("write", () => {
        const line = lineOf(room, message);
        appendFileSync(file, line);
        appended += Buffer.byteLength(line);
        if (appended > MAX_APPENDED_BYTES) rewrite(readFile(file).kept);
      }),
  };
}

function lineOf(room: string, message: Message): string {
  return `${JSON.stringify({ room, message })}\n`;
}

function readFile(file: string): { readonly kept: Kept; readonly bad: number } {
  const kept = new Map<string, Message[]>();
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) return { kept, bad: 0 };
  if (size > MAX_FILE_BYTES) return { kept, bad: 1 };
  let bad = 0;
  // What comes after the last end of a line was not written to its end.
  for (const line of readFileSync(file, "utf8").split("\n").slice(0, -1)) {
    const fields = fieldsOf(parseLine(line));
    const [room, message] = [readRoomName(fields.room), readMessage(fields.message)];
    if (room === undefined || message === undefined) bad++;
    else add(kept, room, message);
  }
  return { kept, bad };
}

/** Over a bound the oldest goes: message of a room, or room that is not permanent. */
function add(kept: Map<string, Message[]>, room: string, message: Message): void {
  const messages = kept.get(room) ?? [];
  messages.push(message);
  if (messages.length > MAX_HISTORY) messages.shift();
  kept.delete(room);
  kept.set(room, messages);
  if (kept.size <= MAX_ROOMS) return;
  const oldest = [...kept.keys()].find((name) => !PERMANENT.includes(name));
  if (oldest !== undefined) kept.delete(oldest);
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
