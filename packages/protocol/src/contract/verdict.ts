import { ContractError, type Path } from "../errors.ts";
import type { StandardIssue, StandardResult, StandardSchema } from "../standard-schema.ts";
import { isThenable } from "../thenable.ts";

/** What a validator made of a value; or why it refused it, and `told`, what the peer hears of that. */
export type Verdict =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: ContractError; readonly told: string };

/** A value that is judged: the code of its refusal, and what it is, as `chat/send: data`. */
export interface Judged {
  readonly code: "invalid-data" | "invalid-reply";
  readonly what: string;
}

/** So many units of what a peer or a validator says are quoted: neither may flood a log. */
const MAX_QUOTED = 200;
const MAX_PATH = 20;

/** Has a value checked. Gives a promise only where the validator does. Never throws or rejects. */
export function judge(schema: StandardSchema, value: unknown, judged: Judged): Verdict | Promise<Verdict> {
  try {
    const result = schema["~standard"].validate(value);
    if (!isThenable(result)) return verdictOf(result, judged);
    return Promise.resolve(result).then(
      (settled) => verdictOf(settled, judged),
      (cause: unknown) => failCheck(cause, judged),
    );
  } catch (cause) {
    return failCheck(cause, judged);
  }
}

/** The verdict on an event that the contract does not have. */
export function notInContract(what: string): Verdict {
  const told = `${what.slice(0, MAX_QUOTED)} is not in the contract`;
  return { ok: false, told, error: new ContractError("not-in-contract", told) };
}

function verdictOf(result: StandardResult<unknown>, { code, what }: Judged): Verdict {
  if (result.issues === undefined) return { ok: true, value: result.value };
  const [first] = result.issues;
  const path = pathOf(first);
  const told = `${what}${printPath(path)} does not fit the contract`;
  const message = first === undefined ? told : `${told}: ${first.message.slice(0, MAX_QUOTED)}`;
  return { ok: false, told, error: new ContractError(code, message, { issues: result.issues, path }) };
}

/** The verdict where the validator itself failed. The peer does not hear what it said. */
function failCheck(cause: unknown, { code, what }: Judged): Verdict {
  const told = `${what} could not be checked`;
  return {
    ok: false,
    told,
    error: new ContractError(code, `${told}: ${String(cause).slice(0, MAX_QUOTED)}`, { cause }),
  };
}

function pathOf(issue: StandardIssue | undefined): Path {
  return (issue?.path ?? []).slice(0, MAX_PATH).map((part) => {
    const key = typeof part === "object" ? part.key : part;
    return typeof key === "number" ? key : String(key);
  });
}

function printPath(path: Path): string {
  return path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`))
    .join("")
    .slice(0, MAX_QUOTED);
}
