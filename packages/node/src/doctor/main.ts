#!/usr/bin/env node
import { UsageError } from "@sente-lite/protocol";
import { type Asked, readCommandLine } from "./command-line.ts";
import { type Diagnosis, diagnose, type Grade } from "./diagnose.ts";

const USAGE = `usage: npx @sente-lite/node doctor URL [--json] [--header "Name: value"]... [--timeout MS] [--idle MS]

Tells what answers at the address of a channel socket: frames, codec, session, ping, close codes, and what a proxy in
between broke. Ends with 0 where a client could work with it, with 1 where not, and with 2 for arguments that cannot be meant.`;

const styles = { bold: 1, red: 31, green: 32, yellow: 33 } as const;
type Style = keyof typeof styles;

const marks: Readonly<Record<Grade, readonly [Style, string]>> = {
  ok: ["green", "ok  "],
  note: ["yellow", "note"],
  bad: ["red", "bad "],
};

/** For people: one line for each thing that was tried. */
function formatForPeople({ url, ok, findings }: Diagnosis, isColoured: boolean): string {
  const style = (how: Style, text: string) => (isColoured ? `\u001b[${styles[how]}m${text}\u001b[0m` : text);
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.map(({ check, grade, detail }) => {
    const [colour, mark] = marks[grade];
    return `  ${style(colour, mark)}  ${check.padEnd(width)}  ${detail}`;
  });
  const verdict = ok ? style("green", "a client can work with this") : style("red", "a client cannot work with this");
  return [style("bold", url), ...lines, verdict].join("\n");
}

function read(): Asked {
  try {
    return readCommandLine(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    process.exit(2);
  }
}

const asked = read();
if (asked.type === "help") {
  console.log(USAGE);
  process.exit(0);
}

const diagnosis = await diagnose(asked.url, asked.options);
const isColoured = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
console.log(asked.isJson ? JSON.stringify(diagnosis, null, 2) : formatForPeople(diagnosis, isColoured));
process.exitCode = diagnosis.ok ? 0 : 1;
