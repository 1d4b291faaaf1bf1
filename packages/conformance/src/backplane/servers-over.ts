import { afterAll, beforeAll, describe } from "vitest";
import { serverNames } from "../runtimes.mjs";
import { nodesSuite } from "./nodes-suite.ts";
import type { Broker } from "./stage.ts";

/** The suite of several servers over one broker: those of each runtime, and of all of them together. */
export function serversOver(name: string, startBroker: () => Promise<Broker>): void {
  describe(`servers over ${name}`, () => {
    let broker: Broker | undefined;
    beforeAll(async () => {
      broker = await startBroker();
    });
    afterAll(() => broker?.stop());
    const brokerOf = () => {
      if (broker === undefined) throw new Error("the broker did not start");
      return broker;
    };
    for (const runtime of serverNames) nodesSuite(brokerOf, [runtime, runtime, runtime]);
    nodesSuite(brokerOf, serverNames);
  });
}
