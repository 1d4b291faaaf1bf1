import { readFileSync } from "node:fs";
import { describe, expect } from "vitest";
import type { CodecName } from "../../targets/target.ts";
import { everyCodec, fresh, greeted, type ServerSection, serverFor } from "./section.ts";

// What a real Sente answered, asked of our server: the same bytes have to come back.

interface Recorded {
  readonly label: string;
  readonly dir: string;
  readonly kind?: string;
  readonly text?: string;
  readonly conn?: string;
}

interface Form {
  readonly label: string;
  readonly sent: { readonly text: string };
  readonly received: { readonly text: string } | null;
}

/** Exchanges whose requests mean the same to our fixture as to the recorded one. */
const asked: readonly string[] = [
  "echo with cb",
  "echo nil with cb",
  "echo false with cb",
  "echo 1-element event with cb",
  "push-me",
  "push with {:flush? true}",
  "burst 3 (batched push)",
  "burst 20 (batched push)",
  "client ws-ping with cb",
  "frame shape: 3-vector [ev cb extra]",
];

/** Forms of EDN that come back from us as other text, each for what JavaScript's values are. */
const otherwise: Readonly<Record<string, string>> = {
  "1.0": "an integer is a number, and a number does not say whether it was a double",
  "1e3": "as 1.0",
  "1N": "an integer is written without N where it is small",
  "(1 2)": "a list is an Array, as a vector is",
  "()": "as (1 2)",
  "\\u0041": "a character is a string of one",
  "\\space": "as \\u0041",
  "\\tab": "as \\u0041",
  "\\u00e9": "as \\u0041",
  "\\newline": "as \\u0041",
  "#{1 2 3}": "a set keeps its order here; Clojure's order is that of its hashes",
  "#{3 1 2}": "as #{1 2 3}",
  "{:b {:a/x 1 :a/y 2}}": "the short form of namespaced maps is read, not written",
  "{:a/x 1 :a/y 2}": "the short form of namespaced maps is read, not written",
  "#:a{:x 1}": "the short form of namespaced maps is read, not written",
  "{:i0 0 :i1 1 :i2 2 :i3 3 :i4 4 :i5 5 :i6 6 :i7 7 :i8 8 :i9 9}": "an object keeps its order",
};

function recording<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(`../../../../protocol/golden/sente/${file}`, import.meta.url), "utf8")) as T;
}

export function recordingTests(section: ServerSection): void {
  const { target, test } = section;
  const files: Readonly<Partial<Record<CodecName, string>>> = { edn: "edn.json", "transit-json": "transit.json" };

  describe("§3 wrapped frames: as a real Sente answered", () => {
    const server = serverFor(section, everyCodec);

    for (const codec of target.capabilities.codecs) {
      const file = files[codec];
      if (file === undefined) continue;
      const frames = recording<{ readonly frames: readonly Recorded[] }>(file).frames.filter(
        (frame) => frame.kind === "text" && frame.conn === undefined,
      );
      for (const label of asked) {
        test(`${codec}, recorded: ${label}`, async () => {
          const texts = (dir: string) =>
            frames.filter((frame) => frame.label === label && frame.dir === dir).map((frame) => String(frame.text));
          const answers = texts("server>client");
          expect(answers.length).toBeGreaterThan(0);
          const peer = await greeted(server(), `client-id=${fresh("rec")}&codec=${codec}`);
          for (const text of texts("client>server")) peer.send(text);
          expect(await peer.texts(answers.length)).toEqual(answers);
        });
      }
    }

    for (const { label, sent, received } of recording<{ readonly forms: readonly Form[] }>("forms-edn.json").forms) {
      if (received === null) continue;
      const reason = otherwise[label];
      test(`edn, recorded form: ${label}${reason === undefined ? "" : ` (otherwise: ${reason})`}`, async () => {
        const peer = await greeted(server(), `client-id=${fresh("form")}&codec=edn`);
        const answer = await peer.ask(sent.text).catch(() => "closed");
        if (reason === undefined) expect(answer).toBe(received.text);
        else expect(answer).not.toBe(received.text);
      });
    }
  });
}
