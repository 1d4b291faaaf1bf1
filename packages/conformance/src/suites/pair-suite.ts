import { describe } from "vitest";
import { testsOf } from "../targets/known-failures.ts";
import { controlFor } from "./client/section.ts";
import { exchangeTests } from "./pair/exchanges.ts";
import { faultTests } from "./pair/faults.ts";
import { networkTests } from "./pair/network.ts";
import type { PairTarget } from "./pair/section.ts";

/** What a client and a server of ours must do together, in one codec; the server is a fixture in its own process. */
export function pairSuite(target: PairTarget): void {
  describe(`client ${target.client.name} and server ${target.server}, ${target.codec}`, () => {
    const { test, checkNames } = testsOf(target.knownFailures);
    const section = { target, test, control: controlFor(target.client) };
    exchangeTests(section);
    if (target.faults) {
      faultTests(section);
      networkTests(section);
    }
    checkNames();
  });
}
