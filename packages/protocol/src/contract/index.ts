// For authors of adapters: what a contract checks.

export type { Gate } from "./gate.ts";
export { gateOf } from "./gate-of.ts";
export type { Verdict } from "./verdict.ts";
