import { expect } from "vitest";
import { UsageError } from "./errors.ts";

/** What was given in place of what is meant, as a program in JavaScript may. */
export const values = {
  null: null,
  NaN: Number.NaN,
  "-1": -1,
  "1.5": 1.5,
  "a number": 7,
  text: "text",
  "": "",
  true: true,
  "{}": {},
  "[]": [],
  "[null]": [null],
  "a function": () => undefined,
  "a symbol": Symbol("s"),
  "a bigint": 1n,
  "a Map": new Map([["a", 5]]),
  "a promise": Promise.resolve(),
} satisfies Record<string, unknown>;

export type Name = keyof typeof values;

/** What came of it: undefined where it was taken. */
async function refusal(call: () => unknown): Promise<unknown> {
  try {
    const result = call();
    // What waits for a connection is no refusal.
    if (result instanceof Promise) await Promise.race([result, new Promise((resolve) => setImmediate(resolve))]);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Holds that of all values exactly the right ones are taken, and the others refused with a code and a text. */
export async function expectOnly(right: readonly Name[], call: (value: unknown) => unknown): Promise<void> {
  const taken: string[] = [];
  for (const [name, value] of Object.entries(values)) {
    const error = await refusal(() => call(value));
    if (error === undefined) taken.push(name);
    else {
      expect(error, `${name}: ${String(error)}`).toBeInstanceOf(UsageError);
      expect((error as UsageError).code).toMatch(/^[a-z]+(-[a-z]+)+$/);
      expect((error as UsageError).message).not.toMatch(/\[object|is not iterable|Cannot read/);
    }
  }
  expect(taken.sort()).toEqual([...right].sort());
}
