import { fileURLToPath } from "node:url";
import { build } from "vite";
import { expect, it } from "vitest";
import * as errors from "./errors.ts";

/** The module as an application's bundler makes it: minified, so that no class keeps its name. */
async function minified(): Promise<Record<string, unknown>> {
  const built = await build({
    configFile: false,
    logLevel: "silent",
    build: {
      write: false,
      minify: "esbuild",
      lib: { entry: fileURLToPath(new URL("./errors.ts", import.meta.url)), formats: ["iife"], name: "errors" },
    },
  });
  const [bundle] = Array.isArray(built) ? built : [built];
  const code = bundle !== undefined && "output" in bundle ? bundle.output[0].code : "";
  return new Function(`${code}\nreturn errors;`)() as Record<string, unknown>;
}

const made: Readonly<Record<string, (from: typeof errors) => Error>> = {
  EncodeError: (from) => new from.EncodeError("x", "x"),
  UsageError: (from) => new from.UsageError("x", "x"),
  DecodeError: (from) => new from.DecodeError("x", "x"),
  ProtocolError: (from) => new from.ProtocolError("x", "x"),
  SessionLostError: (from) => new from.SessionLostError("x", "x", () => []),
  ContractError: (from) => new from.ContractError("x", "x"),
  ReplyError: (from) => new from.ReplyError("x"),
  HandshakeError: (from) => new from.HandshakeError("x", "x"),
};

it("every error says its own name, in a minified bundle too", async () => {
  const classes = Object.keys(errors).filter((name) => name.endsWith("Error") && /^[A-Z]/.test(name));
  expect(Object.keys(made).sort()).toEqual(classes.filter((name) => name !== "SenteError").sort());
  const bundled = (await minified()) as unknown as typeof errors;
  expect((bundled.UsageError as { readonly name: string }).name).not.toBe("UsageError");
  for (const [name, make] of Object.entries(made)) {
    for (const from of [errors, bundled]) {
      const error = make(from);
      expect([name, error.name, error instanceof from.SenteError]).toEqual([name, name, true]);
      expect(String(error)).toMatch(new RegExp(`^${name}: `));
    }
  }
  expect(new bundled.ContractError("x", "x")).toBeInstanceOf(bundled.ProtocolError);
});
