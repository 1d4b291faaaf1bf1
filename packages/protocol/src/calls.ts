// For authors of adapters: calls of the application's functions, and what they threw.

export { codeOf, makePrintable } from "./error-chan.ts";
export { guard, isThenable, whenSettled } from "./thenable.ts";
