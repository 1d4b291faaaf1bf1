import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";
import { root } from "../scripts/run.mjs";

// A function does something, so a verb names it: `readTagged`, not `tagged`. A participle or an adjective names a value, and
// so reads like one. This looks at the first word of every name of a function in the sources, tests aside.

/** The packages whose names are checked. */
const packages = ["protocol", "flow", "engine", "node", "bun", "deno", "browser", "redis", "nats"];

/** Names that stay, each list for one reason. */
const allowed = new Set([
  // Events that somebody tells a machine of: they are named after what happened.
  ...["closed", "joined", "joinedByServer", "leftByServer", "refused", "unanswered"],
  // The same, of a backplane to its node, and of a runtime's socket to the engine.
  ...["posted", "gone", "asked", "failed", "opened", "received", "drained"],
  // The same, of what happened in a cluster: at other nodes, or at this one for the others to hear.
  ...["begun", "answered", "arrived", "departed", "entered", "left", "lostAll", "lostLease", "broken"],
  ...["pushed", "broadcasted", "ordered", "postedInto", "postedElsewhere"],
  // The clock of a host, beside `now` and `random`.
  "monotonic",
  // What users call or give, by names of the field: "tagged literal" is Clojure's, `authorizedFn` is Sente's.
  ...["tagged", "equal", "ready", "recent", "idle", "ended", "within", "authorizedFn"],
  // A type of MessagePack that writers write and readers read.
  "long",
]);

const irregular =
  "begun bound broken brought built caught chosen done drawn driven found frozen given gone grown heard held hidden kept " +
  "known laid led left lost made meant met paid said seen sent shown sold spelt spent spoken stood taken told thrown " +
  "understood worn written";

const adjectives =
  "bad busy composite deep distinct due earlier equal exact finite full hidden high identical idle inner " +
  "inside large larger largest last late later latest lax long longer low monotonic narrow nearest new old other outer own " +
  "plain quiet raw ready recent safe same short silent sooner special strict unavailable unknown unsigned verbose whole wide " +
  "within";

const named = new Set([...irregular.split(" "), ...adjectives.split(" ")]);
/** Words that end as participles or adjectives do, and are none. */
const others = new Set(["embed", "exceed", "feed", "need", "proceed", "seed", "speed", "enable", "disable", "table"]);

/** True for a name whose first word is no verb but a participle or an adjective. */
function namesValue(name: string): boolean {
  const [word = ""] = /^[a-z]+/.exec(name) ?? [];
  return named.has(word) || (/(?:ed|able|ible)$/.test(word) && !others.has(word));
}

/** The name of a function that a node declares: of one with a body, or of a place that holds one. */
function nameOf(node: ts.Node): string | undefined {
  if (ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isMethodSignature(node)) {
    return node.name?.getText();
  }
  const isPlace = ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node) || ts.isParameter(node);
  if (isPlace || ts.isPropertySignature(node)) {
    const value = isPlace ? node.initializer : undefined;
    return holdsFunction(node.type) || isFunction(value) ? node.name.getText() : undefined;
  }
  return ts.isPropertyAssignment(node) && isFunction(node.initializer) ? node.name.getText() : undefined;
}

function isFunction(value: ts.Expression | undefined): boolean {
  return value !== undefined && (ts.isArrowFunction(value) || ts.isFunctionExpression(value));
}

function holdsFunction(type: ts.TypeNode | undefined): boolean {
  if (type === undefined) return false;
  if (ts.isParenthesizedTypeNode(type)) return holdsFunction(type.type);
  return ts.isUnionTypeNode(type) ? type.types.some(holdsFunction) : ts.isFunctionTypeNode(type);
}

/** The names of functions in one source that read like values, each with its place. */
function findNames(file: string, text: string): readonly string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const name = nameOf(node)?.replace(/^#/, "");
    if (name !== undefined && namesValue(name) && !allowed.has(name)) {
      found.push(`${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${name}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

it.each(packages)("every function of %s is named by a verb", (name) => {
  const folder = `packages/${name}/src`;
  const files = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  const sources = files.filter((file) => /\.ts$/.test(file) && !/\.test(-d)?\.ts$/.test(file));
  expect(sources.length).toBeGreaterThan(1);
  const found = sources.flatMap((file) =>
    findNames(`${folder}/${file}`, readFileSync(join(root, folder, file), "utf8")),
  );
  expect(found).toEqual([]);
});

it.each([
  ["a function", "function printed() {}"],
  ["a private method", "class A { #cached() {} }"],
  ["a method of an interface", "interface A { unhandled(): void }"],
  ["a constant that holds a function", "const unknownKeys = () => 1;"],
  ["a field that holds a function", "class A { readonly #landed: (() => void) | undefined }"],
  ["a property that holds a function", "const a = { overloaded: () => 1 };"],
  ["a parameter that holds a function", "function call(printable: () => void) {}"],
])("a participle or adjective as the name of %s is found", (_, text) => {
  expect(findNames("a.ts", text)).toHaveLength(1);
});

it("verbs, and values of any name, are let through", () => {
  const text = "const cached = new Map(); function needWords() {} class A { get printed() { return 1; } }";
  expect(findNames("a.ts", text)).toEqual([]);
});
