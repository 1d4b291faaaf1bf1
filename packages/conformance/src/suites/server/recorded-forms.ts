import { describe, expect } from "vitest";
import { strangers } from "../recorded.ts";
import { readRecording } from "./recording.ts";
import { fresh, greetPeer, type ServerSection, sharedServer } from "./section.ts";

// Forms of EDN that Clojure read and printed: the same have to come back.

interface Form {
  readonly label: string;
  readonly sent: { readonly text: string };
  readonly received: { readonly text: string } | null;
}

const integers = "an integer is a number, and a number does not say whether it was a double";
const characters = "a character is a string of one";
const namespaces = "the short form of namespaced maps is read, not written";

/** What comes back in place of what Clojure printed, for what JavaScript's values are; `undefined`: no answer. */
const otherwise: Readonly<Record<string, readonly [text: string | undefined, why: string]>> = {
  "1.0": ['[1 "CB"]', integers],
  "1e3": ['[1000 "CB"]', integers],
  "1N": ['[1 "CB"]', "an integer is written without N where it is small"],
  "(1 2)": ['[[1 2] "CB"]', "a list is an Array, as a vector is"],
  "()": ['[[] "CB"]', "as (1 2)"],
  "\\u0041": ['["A" "CB"]', characters],
  "\\space": ['[" " "CB"]', characters],
  "\\tab": ['["\\t" "CB"]', characters],
  "\\u00e9": ['["é" "CB"]', characters],
  "\\newline": ['["\\n" "CB"]', characters],
  "#{1 2 3}": ['[#{1 2 3} "CB"]', "a set keeps its order; Clojure's order is that of its hashes"],
  "#{3 1 2}": ['[#{3 1 2} "CB"]', "as #{1 2 3}"],
  "{:b {:a/x 1 :a/y 2}}": ['[{:b {:a/x 1, :a/y 2}} "CB"]', namespaces],
  "{:a/x 1 :a/y 2}": ['[{:a/x 1, :a/y 2} "CB"]', namespaces],
  "#:a{:x 1}": ['[{:a/x 1} "CB"]', namespaces],
  "{:i0 0 :i1 1 :i2 2 :i3 3 :i4 4 :i5 5 :i6 6 :i7 7 :i8 8 :i9 9}": [
    '[{:i0 0, :i1 1, :i2 2, :i3 3, :i4 4, :i5 5, :i6 6, :i7 7, :i8 8, :i9 9} "CB"]',
    "an object keeps its order",
  ],
  "#foo 1": ['[#foo 1 "CB"]', "a tag that nobody knows is kept; Clojure drops the frame"],
  "{:a 1 :a 2}": ['[{:a 2} "CB"]', "the last of two equal keys counts; Clojure drops the frame"],
  "#{1 1}": ['[#{1} "CB"]', "as {:a 1 :a 2}"],
  "nil nil": [undefined, "an event of three elements is a bad event, here and there; the connection stays"],
};

const alive = ['[[:test/echo :end] "end"]', '[:end "end"]'] as const;

export function recordedFormTests(section: ServerSection): void {
  const { test } = section;

  describe("§5 codecs: forms that Clojure read and printed", () => {
    const server = sharedServer(section);
    const { forms } = readRecording<{ readonly forms: readonly Form[] }>("sente/forms-edn.json");

    for (const { label, sent, received } of forms) {
      const [text, why] = otherwise[label] ?? [received?.text, undefined];
      test(`edn, recorded form: ${label}${why === undefined ? "" : ` (otherwise: ${why})`}`, async () => {
        const peer = await greetPeer(server(), `client-id=${fresh("form")}&codec=edn`);
        peer.send(sent.text);
        peer.send(alive[0]);
        // What does not decode Clojure dropped, and said nothing; so do we.
        const answers = text === undefined ? [alive[1]] : [text, alive[1]];
        expect(await peer.texts(answers.length)).toEqual(answers);
      });
    }

    test("edn, recorded form: every form of the table is one of the recording", () => {
      expect(
        strangers(
          otherwise,
          forms.map(({ label }) => label),
        ),
      ).toEqual([]);
    });
  });
}
