import { UsageError } from "../errors.ts";
import type { AnyContract } from "./events.ts";
import type { Gate } from "./gate.ts";

/** The key of the function that makes a gate of a contract: so the code that checks is only in bundles that use contracts. */
export const MAKE_GATE: unique symbol = Symbol.for("sente-lite/contract");

/** Makes the gate of one side. */
export type MakeGate = (side: "server" | "client") => Gate;

/** The gate that checks what arrives at that side; undefined without a contract. Throws `UsageError` `bad-contract`. */
export function gateOf(contract: AnyContract | undefined, side: "server" | "client"): Gate | undefined {
  if (contract === undefined) return undefined;
  const makeGate = (contract as { readonly [MAKE_GATE]?: MakeGate } | null)?.[MAKE_GATE];
  if (makeGate === undefined) {
    throw new UsageError("bad-contract", "the option contract is what defineContract returned");
  }
  return makeGate(side);
}
