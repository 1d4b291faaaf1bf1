import { UsageError } from "../errors.ts";
import type { AnyContract } from "./contract.ts";
import type { Gate } from "./gate.ts";

/** The key of what a contract brings along beside its events: what checks them is in the bundles of those only who use it. */
export const INSIDE_CONTRACT: unique symbol = Symbol.for("sente-lite/contract");

/** Makes the gate of one side. */
export type MakeGate = (side: "server" | "client") => Gate;

/** What checks the arrivals of that side; undefined without a contract. Throws `UsageError` `bad-contract`. */
export function gateOf(contract: AnyContract | undefined, side: "server" | "client"): Gate | undefined {
  if (contract === undefined) return undefined;
  const makeGate = (contract as { readonly [INSIDE_CONTRACT]?: MakeGate } | null)?.[INSIDE_CONTRACT];
  if (makeGate === undefined) {
    throw new UsageError("bad-contract", "the option contract is what defineContract returned");
  }
  return makeGate(side);
}
