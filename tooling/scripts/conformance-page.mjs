// pnpm conformance:page: writes the tables of docs/conformance.md from the last whole run of `pnpm test`.
import { writePage } from "../vitest/record.mjs";

try {
  writePage();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
