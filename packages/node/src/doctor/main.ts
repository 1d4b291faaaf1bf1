#!/usr/bin/env node
import { parseArgs } from "node:util";
import { type Diagnosis, diagnose, type Grade } from "./diagnose.ts";

const USAGE = `usage: npx @sente-lite/node doctor URL [--json] [--header "Name: value"]... [--timeout MS] [--idle MS]

Tells what answers at the address of a channel socket: frames, codec, session, ping, close codes, and what a proxy in
between broke. Ends with 0 where a client could work with it, else with 1.`;

const styles = { bold: 1, red: 31, green: 32, yellow: 33 } as const;
type Style = keyof typeof styles;

const marks: Readonly<Record<Grade, readonly [Style, string]>> = {
  ok: ["green", "ok  "],
  note: ["yellow", "note"],
  bad: ["red", "bad "],
};

/** For people: one line for each thing that was tried. */
function printed({ url, ok, findings }: Diagnosis, isColoured: boolean): string {
  const style = (how: Style, text: string) => (isColoured ? `\u001b[${styles[how]}m${text}\u001b[0m` : text);
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.map(({ check, grade, detail }) => {
    const [colour, mark] = marks[grade];
    return `  ${style(colour, mark)}  ${check.padEnd(width)}  ${detail}`;
  });
  const verdict = ok ? style("green", "a client can work with this") : style("red", "a client cannot work with this");
  return [style("bold", url), ...lines, verdict].join("\n");
}

function headersOf(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((header) => {
      const colon = header.indexOf(":");
      if (colon < 1) fail(`--header "${header}" is not "Name: value"`);
      return [header.slice(0, colon).trim(), header.slice(colon + 1).trim()];
    }),
  );
}

function fail(message: string): never {
  console.error(`${message}\n\n${USAGE}`);
  process.exit(2);
}

function read() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        json: { type: "boolean", default: false },
        header: { type: "string", multiple: true, default: [] },
        timeout: { type: "string", default: "5000" },
        idle: { type: "string", default: "0" },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

const { values, positionals } = read();
const [command, url] = positionals;
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
if (command !== "doctor" || url === undefined) fail(command === "doctor" ? "an address is missing" : "unknown command");
if (!/^wss?:\/\//.test(url)) fail(`${url} does not begin with ws:// or wss://`);

const diagnosis = await diagnose(url, {
  timeoutMs: Number(values.timeout),
  idleMs: Number(values.idle),
  headers: headersOf(values.header),
});
const isColoured = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
console.log(values.json ? JSON.stringify(diagnosis, null, 2) : printed(diagnosis, isColoured));
process.exitCode = diagnosis.ok ? 0 : 1;
