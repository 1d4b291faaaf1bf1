import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { edn } from "../codecs/edn/index.ts";
import { json } from "../codecs/json/index.ts";
import { transitJson } from "../codecs/transit-json/index.ts";
import { serverDefaults } from "../limits.ts";
import { Batch } from "../session/batch.ts";
import { ServerSession } from "../session/server-session.ts";
import { allFeatures, featuresAmong } from "./features.ts";
import { playExchange, type RecordedStep } from "./ours.test-support.ts";

describe.each([edn, json, transitJson])("a peer of before features had names, in $name (PROTOCOL.md §1.8)", (codec) => {
  const file = new URL(`../../golden/ours/baseline-${codec.name}.json`, import.meta.url);
  const { steps } = JSON.parse(readFileSync(file, "utf8")) as { steps: readonly RecordedStep[] };

  it("as a client, gets byte for byte what it got then", () => {
    const played = playExchange({ codec, recorded: { side: "client", steps } });
    expect(played).toEqual(steps);
    expect(played.flatMap(({ toClient }) => toClient).length).toBeGreaterThan(70);
  });

  it("as a server, gets byte for byte what it got then", () => {
    const played = playExchange({ codec, recorded: { side: "server", steps } });
    expect(played).toEqual(steps);
    expect(played.flatMap(({ toServer }) => toServer).length).toBeGreaterThan(70);
  });

  it("is told apart in the handshake alone from one that names what it knows", () => {
    const makeServer = () =>
      new ServerSession({
        codec,
        form: "wrapped",
        features: featuresAmong(["tomorrow", ...allFeatures]),
        tellsFeatures: true,
        limits: serverDefaults,
        root: Batch.root(),
        id: "recorded-session",
      });
    const different = playExchange({ codec, makeServer }).filter((step, index) => {
      return JSON.stringify(step) !== JSON.stringify(steps[index]);
    });
    expect(different.map(({ name }) => name)).toEqual(["connect", "resume"]);
    for (const { toClient } of different) expect(toClient[0]).toMatch(/features/);
  });
});
