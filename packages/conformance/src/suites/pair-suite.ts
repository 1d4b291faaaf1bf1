import { describe } from "vitest";
import { type AdapterName, adapterNames, type CodecName, codecNames } from "../codecs.ts";
import { type ServerName, serverNames } from "../runtimes.mjs";
import { testsOf } from "../targets/known-failures.ts";
import type { ClientTarget } from "../targets/target.ts";
import { controlFor } from "./client/section.ts";
import { clientRequestTests } from "./pair/client-requests.ts";
import { endingTests } from "./pair/ending.ts";
import { exchangeTests } from "./pair/exchanges.ts";
import { faultTests } from "./pair/faults.ts";
import { networkTests } from "./pair/network.ts";
import { roomTests } from "./pair/rooms.ts";
import type { PairSection } from "./pair/section.ts";
import { shareServers } from "./pair/servers.ts";
import { valueTests } from "./pair/values.ts";

/**
 * In which codecs a client and a server do all that they can do together: one with Clojure's values, one with those of JSON
 * alone, and one of bytes. The others carry the same values, and no test but those of values can tell them apart.
 */
const conversing: readonly (CodecName | AdapterName)[] = ["transit-json", "json", "transit-msgpack"];

/** Faults come to connections, and are the same in every codec. */
const CODEC_OF_FAULTS = "transit-json";

/** Each client meets them with the server of Node, and each server with the client of Node: both sides of both. */
const meetFaults = (client: string, server: string) => client === "node" || server === "node";

/** That client with the server of every runtime, in every codec. */
export function pairSuites(client: ClientTarget): void {
  const control = controlFor(client);
  const shared = shareServers(control);
  const sectionOf = (server: ServerName, codec: CodecName | AdapterName): PairSection => {
    const { test } = testsOf({});
    return { target: { client, server, codec }, test, control, shared };
  };
  for (const server of serverNames) {
    for (const codec of [...codecNames, ...adapterNames]) {
      describe(`client ${client.name} and server ${server}, ${codec}`, () => {
        const section = sectionOf(server, codec);
        valueTests(section);
        if (!conversing.includes(codec)) return;
        exchangeTests(section);
        roomTests(section);
        clientRequestTests(section);
      });
    }
    if (!meetFaults(client.name, server)) continue;
    describe(`client ${client.name} and server ${server}, faults`, () => {
      const section = sectionOf(server, CODEC_OF_FAULTS);
      faultTests(section);
      networkTests(section);
      endingTests(section);
    });
  }
}
