// docs/conformance.md says what every runtime passes, and docs/security.md which attacks were tried. A whole run leaves here what
// ran; `pnpm conformance:page` makes the pages of it, and the run fails where they say something else.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../scripts/run.mjs";
import { attackTableOf } from "./attacks.mjs";
import { differencesOf } from "./differences.mjs";
import { matrixOf, reportsFolder } from "./matrix.mjs";

const page = join(root, "docs/conformance.md");
const securityPage = join(root, "docs/security.md");
const ranFile = join(reportsFolder, "ran.json");

const marks = (name) => [
  `<!-- ${name}: written by \`pnpm conformance:page\` -->\n`,
  "\n<!-- end of what is written by it -->",
];

/** The page with another text in that part. */
export function pageWith(text, name, content) {
  const [begin, end] = marks(name);
  const start = text.indexOf(begin);
  if (start === -1) throw new Error(`the page has no part "${name}"`);
  const from = start + begin.length;
  return `${text.slice(0, from)}\n${content}\n${text.slice(text.indexOf(end, from))}`;
}

/**
 * The page as these tests make it, and what is wrong with them.
 * @param {string} text
 * @param {readonly import("./matrix.mjs").Ran[]} tests
 */
export function pageOf(text, tests) {
  const { markdown, problems } = matrixOf(tests);
  return { problems, text: pageWith(pageWith(text, "passed", markdown), "differences", differencesOf(tests)) };
}

/**
 * What is wrong with a whole run, or with the page for it, in words.
 * @param {readonly import("./matrix.mjs").Ran[]} tests
 */
export function problemsOf(tests, text = readFileSync(page, "utf8")) {
  const made = pageOf(text, tests);
  if (made.problems.length > 0) return made.problems;
  return made.text === text ? [] : ["docs/conformance.md says something else: `pnpm conformance:page` writes it anew"];
}

/**
 * The page of security as these tests make it, and what is wrong with them.
 * @param {string} text
 * @param {readonly import("./matrix.mjs").Ran[]} tests
 */
export function securityPageOf(text, tests) {
  const { markdown, problems } = attackTableOf(tests);
  return { problems, text: pageWith(text, "attacks", markdown) };
}

/**
 * What is wrong with a whole run for the page of security, or with that page, in words.
 * @param {readonly import("./matrix.mjs").Ran[]} tests
 */
export function securityProblemsOf(tests, text = readFileSync(securityPage, "utf8")) {
  const made = securityPageOf(text, tests);
  if (made.problems.length > 0) return made.problems;
  return made.text === text ? [] : ["docs/security.md says something else: `pnpm conformance:page` writes it anew"];
}

/** Keeps what ran for `writePage`. */
export function keep(tests) {
  mkdirSync(reportsFolder, { recursive: true });
  writeFileSync(ranFile, JSON.stringify(tests));
}

/** Writes both pages from the last whole run. Throws where there was none, or something was wrong with it. */
export function writePage() {
  if (!existsSync(ranFile)) throw new Error("there is no whole run to write of: run `pnpm test` first");
  const tests = JSON.parse(readFileSync(ranFile, "utf8"));
  const conformance = pageOf(readFileSync(page, "utf8"), tests);
  const security = securityPageOf(readFileSync(securityPage, "utf8"), tests);
  const problems = [...conformance.problems, ...security.problems];
  if (problems.length > 0) throw new Error(`the last whole run is none to write of:\n  ${problems.join("\n  ")}`);
  writeFileSync(page, conformance.text);
  writeFileSync(securityPage, security.text);
}
