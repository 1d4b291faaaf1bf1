/// <reference types="vite/types/importMeta.d.ts" />
import { describe, expect, it } from "vitest";
import { DecodeError } from "../errors.ts";
import { equal } from "../values/equal.ts";
import { kw } from "../values/keyword.ts";

import { edn, printEdn, readEdn } from "./edn/index.ts";
import { transitJson } from "./transit-json/index.ts";

// What real peers wrote (see packages/protocol/golden/README.md).

interface Frame {
  readonly file: string;
  readonly text: string;
}

// Through the bundler of the tests, since pages have no files.
const recordings = import.meta.glob<unknown>("../../golden/{sente,sente_lite}/*.json", {
  eager: true,
  import: "default",
});
const path = (key: string) => key.replace("../../golden/", "");

function load(file: string): unknown {
  return recordings[`../../golden/${file}`];
}

/** Every text frame, however deep in the recording it lies. */
function framesIn(file: string): Frame[] {
  const found: Frame[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    const { kind, type, text, utf8 } = node as Record<string, unknown>;
    const frame = kind === "text" ? text : type === "text" ? utf8 : undefined;
    if (typeof frame === "string") found.push({ file, text: frame });
    for (const inner of Object.values(node)) visit(inner);
  };
  visit(load(file));
  return found;
}

const files = Object.keys(recordings).map(path);
const frames = files.flatMap(framesIn);

/** What was sent to see what the peer does with it, and is no EDN, or no one value of it. */
const garbage = [
  ...["", "}{", "}{ not data", "garbage [", "not edn ["],
  ...['[[:test/echo @a] "CB"]', '[[:test/echo #"re"] "CB"]', '[[:test/echo [1 2 3] "CB"]'],
  // Clojure's own syntax, beyond EDN.
  ...["[:test/auto ::kw]", "[:test/deref @foo]", "[:test/ev #=(+ 1 2)]", "[:test/fn #(+ 1 %)]", '[:test/re #"a.b"]'],
  '[:sente-lite/echo {:original-event-id :test/re, :original-data #"a.b", :conn-id "conn-1795392092203-1", :timestamp 1795392092940}]',
  // JSON, of which only some is EDN by chance.
  ...['["srv/json2",{"text":"hi"}]', '["srv/json4",{ "n" : 1}]'],
  '["srv/json3",{"text": "hi", "ok": true, "nul": null, "arr": [1,2]}]',
];

describe("the recorded frames", () => {
  it("are there", () => {
    expect(files.length).toBe(16);
    expect(frames.length).toBeGreaterThan(250);
  });

  it("are decoded by the codec of their connection, but for those that were sent as garbage", () => {
    const undecodable = new Set<string>();
    for (const { file, text } of frames) {
      const codec = file === "sente/transit.json" ? transitJson : edn;
      try {
        const value = codec.decode(text);
        expect(equal(codec.decode(codec.encode(value)), value)).toBe(true);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw new Error(`${file}: ${text}`, { cause: error });
        undecodable.add(text);
      }
    }
    expect([...undecodable].sort()).toEqual(garbage.sort());
  });

  it("of Sente's transit packer are written as they were, byte for byte", () => {
    let compared = 0;
    for (const { text } of frames.filter(({ file }) => file === "sente/transit.json")) {
      if (garbage.includes(text)) continue;
      const written = transitJson.encode(transitJson.decode(text));
      if (!text.includes("~:char-nl")) {
        compared++;
        expect(written).toBe(text);
        continue;
      }
      // The value of every type. JavaScript has no lists, no characters and no 1.0, and without the tag of lists the
      // cache counts one less; Jackson escapes pairs of surrogates.
      const asWeHaveIt = text
        .replace('"~c\\n"', '"\\n"')
        .replace('"~ca"', '"a"')
        .replace('["~#list",[]]', "[]")
        .replace(/\["\^[;<]",\[1,2,3\]\]/, "[1,2,3]")
        .replace("1.0,", "1,")
        .replace("\\uD83D\\uDE00", "😀")
        .replaceAll(/"\^([CD])"/g, (_, code) => (code === "C" ? '"^B"' : '"^C"'));
      expect(written).toBe(asWeHaveIt);
    }
    expect(compared).toBeGreaterThan(50);
  });
});

/** Where our text of what Clojure printed differs from that, and why. */
const reasons: Readonly<Record<string, string>> = {
  "1.0": "no integer differs from a double",
  "1e3": "no integer differs from a double",
  "1N": "a bigint only where a number is not exact",
  "\\u0041": "characters are strings",
  "\\space": "characters are strings",
  "\\tab": "characters are strings",
  "\\u00e9": "characters are strings",
  "\\newline": "characters are strings",
  "(1 2)": "lists are vectors",
  "()": "lists are vectors",
  "{:b {:a/x 1 :a/y 2}}": "we print no #:a{}",
  "{:a/x 1 :a/y 2}": "we print no #:a{}",
  "#:a{:x 1}": "we print no #:a{}",
};

/** What Clojure refused, and we do not: what is lost is the sender's. */
const accepted = ["#foo 1", "{:a 1 :a 2}", "#{1 1}", "nil nil"];

describe("forms that Clojure read and printed", () => {
  interface Form {
    readonly label: string;
    readonly sent: { readonly text: string };
    readonly received: { readonly text: string } | null;
  }
  const { forms } = load("sente/forms-edn.json") as { forms: Form[] };

  it.each(forms.filter(({ received }) => received !== null))("$label is printed as Clojure printed it", (form) => {
    const printed = form.received?.text ?? "";
    const ours = printEdn(readEdn(printed));
    if (form.label in reasons) expect(ours).not.toBe(printed);
    else expect(ours).toBe(printed);
    // Whatever the text, it is the value that Clojure read.
    expect(equal(readEdn(form.sent.text), [[kw("test/echo"), (readEdn(printed) as unknown[])[0]], "CB"])).toBe(true);
  });

  it.each(forms.filter(({ received }) => received === null))("$label, which Clojure refused", ({ label, sent }) => {
    if (accepted.includes(label)) readEdn(sent.text);
    else expect(() => readEdn(sent.text)).toThrow(DecodeError);
  });

  it("has a reason for each difference, and no other", () => {
    const labels = new Set(forms.map(({ label }) => label));
    expect([...Object.keys(reasons), ...accepted].filter((label) => !labels.has(label))).toEqual([]);
  });
});
