import { validateHeaderName, validateHeaderValue } from "node:http";
import { parseArgs } from "node:util";
import { UsageError } from "@sente-lite/protocol";
import { findNearestName, showValue } from "@sente-lite/protocol/options";
import type { DiagnoseOptions } from "./diagnose.ts";

/** What the program was asked for. */
export type Asked =
  | { readonly type: "help" }
  | {
      readonly type: "doctor";
      readonly url: string;
      readonly isJson: boolean;
      readonly options: Required<DiagnoseOptions>;
    };

const kinds = {
  json: { type: "boolean" },
  header: { type: "string", multiple: true },
  timeout: { type: "string" },
  idle: { type: "string" },
  help: { type: "boolean" },
} as const;

/** Reads the program's arguments. Throws `UsageError` for those that cannot be meant; of a misspelt one it names the nearest. */
export function readCommandLine(args: readonly string[]): Asked {
  const { values, positionals } = parse(args);
  if (values.help === true) return { type: "help" };
  const [command, url, ...others] = positionals;
  if (command !== "doctor") {
    throw new UsageError("bad-argument", command === undefined ? "a command is missing" : `unknown command ${command}`);
  }
  if (url === undefined) throw new UsageError("bad-argument", "an address is missing");
  if (others.length > 0) throw new UsageError("bad-argument", `one address is enough: what is ${others.join(" ")}?`);
  if (!/^wss?:\/\//.test(url) || !URL.canParse(url)) {
    throw new UsageError("bad-argument", `${url} is no address that begins with ws:// or wss://`);
  }
  const { json: isJson = false, header = [], timeout = "5000", idle = "0" } = values;
  const options = { timeoutMs: readMs("timeout", timeout), idleMs: readMs("idle", idle), headers: readHeaders(header) };
  return { type: "doctor", url, isJson, options };
}

function parse(args: readonly string[]) {
  const given = { args: [...args], allowPositionals: true, options: kinds } as const;
  const { tokens } = parseArgs({ ...given, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind !== "option" || Object.hasOwn(kinds, token.name)) continue;
    const nearest = findNearestName(token.name, Object.keys(kinds));
    const hint = nearest === undefined ? "" : `; did you mean --${nearest}?`;
    throw new UsageError("unknown-option", `there is no option ${token.rawName}${hint}`);
  }
  try {
    return parseArgs(given);
  } catch (cause) {
    throw new UsageError("bad-option", cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function readMs(name: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageError("bad-option", `--${name} is a whole number of milliseconds, not ${showValue(text)}`);
}

function readHeaders(given: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    given.map((header) => {
      const colon = header.indexOf(":");
      const name = header.slice(0, Math.max(0, colon)).trim();
      const value = header.slice(colon + 1).trim();
      try {
        validateHeaderName(name);
        validateHeaderValue(name, value);
      } catch (cause) {
        throw new UsageError("bad-option", `--header ${showValue(header)} is not "Name: value"`, { cause });
      }
      return [name, value];
    }),
  );
}
