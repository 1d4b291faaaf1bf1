import { UsageError } from "@sente-lite/protocol";
import { describe, expect, it } from "vitest";
import { readCommandLine } from "./command-line.ts";

const URL = "ws://127.0.0.1:1/chsk";
const codeOf = (...args: readonly string[]) => {
  try {
    return readCommandLine(args);
  } catch (error) {
    return error instanceof UsageError ? [error.code, error.message] : error;
  }
};

/** Arguments, and what is said of them. */
const wrong: readonly (readonly [args: readonly string[], code: string, message: string])[] = [
  [[], "bad-argument", "command is missing"],
  [["docter", URL], "bad-argument", "docter"],
  [["doctor"], "bad-argument", "address is missing"],
  [["doctor", URL, URL], "bad-argument", URL],
  ...["http://a/chsk", "ws://", "chsk", "ws://a b/"].map((url) => [["doctor", url], "bad-argument", url] as const),
  [["doctor", URL, "--timout", "1"], "unknown-option", "--timeout"],
  [["doctor", URL, "--jsn"], "unknown-option", "--json"],
  [["doctor", URL, "--headers", "a: b"], "unknown-option", "--header"],
  [["doctor", URL, "--idel=1"], "unknown-option", "--idle"],
  [["doctor", URL, "--hlep"], "unknown-option", "--help"],
  [["doctor", URL, "--__proto__"], "unknown-option", "--__proto__"],
  [["doctor", URL, "-j"], "unknown-option", "-j"],
  ...["timeout", "idle"].flatMap((name) =>
    ["soon", "-1", "", "1.5", "Infinity", "NaN", "1e3"].map(
      (value) => [["doctor", URL, `--${name}=${value}`], "bad-option", `--${name}`] as const,
    ),
  ),
  [["doctor", URL, "--timeout"], "bad-option", "--timeout"],
  [["doctor", URL, "--json=yes"], "bad-option", "--json"],
  ...["no colon", ": value", "a b: c", "a: b\r\nc: d", ""].map(
    (header) => [["doctor", URL, `--header=${header}`], "bad-option", "--header"] as const,
  ),
];

describe("the command line of doctor", () => {
  it.each(wrong)("%j is a UsageError %s", (args, code, message) => {
    expect(codeOf(...args)).toEqual([code, expect.stringContaining(message)]);
  });

  it("has a default for everything but the address", () => {
    const options = { timeoutMs: 5_000, idleMs: 0, headers: {} };
    expect(readCommandLine(["doctor", URL])).toEqual({ type: "doctor", url: URL, isJson: false, options });
    expect(readCommandLine(["--help"])).toEqual({ type: "help" });
  });

  it("takes headers as they are written, each once", () => {
    const asked = readCommandLine([
      "doctor",
      URL,
      "--json",
      "--timeout",
      "7",
      "--header",
      "Cookie: a=b:c",
      "--header=X-A:",
    ]);
    const options = { timeoutMs: 7, idleMs: 0, headers: { Cookie: "a=b:c", "X-A": "" } };
    expect(asked).toEqual({ type: "doctor", url: URL, isJson: true, options });
  });
});
