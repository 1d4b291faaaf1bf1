import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { Codec } from "../codecs/codec.ts";
import { edn } from "../codecs/edn/index.ts";
import { transitJson } from "../codecs/transit-json/index.ts";
import type { SenteEvent } from "../event.ts";
import { serverDefaults } from "../limits.ts";
import { Batch } from "../session/batch.ts";
import { ServerSession } from "../session/server-session.ts";
import { double, equal, kw, sym, Tagged, uuid } from "../values/index.ts";
import { noFeatures } from "./features.ts";

// The recorded exchanges with the real Sente (golden/sente): our server session is given the recorded frames of the
// client, with an application that does what the recorded one did, and must answer with the recorded bytes.

interface Recorded {
  readonly label: string;
  readonly dir: string;
  readonly kind?: string;
  readonly text?: string;
  readonly url?: string;
}

/** One value of every kind, in the order in which Clojure's hash map printed them. */
const types = {
  neg: -1,
  "char-nl": "\n",
  "long-max": 9_223_372_036_854_775_807n,
  true: true,
  long: 42,
  double: Math.PI,
  vec: [1, "two", kw("three")],
  inst: new Date("2026-01-02T03:04:05.678Z"),
  bigint: 123_456_789_012_345_678_901_234_567_890n,
  "empty-list": [],
  nested: { a: { b: { c: [1, { d: null }] } } },
  "vec-keys": new Map([
    [[1, 2], "v"],
    [[3], "w"],
  ]),
  "double-big": 1e21,
  "int-keys": new Map([
    [1, "one"],
    [2, "two"],
  ]),
  false: false,
  "empty-set": new Set(),
  kw: kw("simple"),
  sym: sym("a-symbol"),
  "empty-map": {},
  str: 'ünïcode ☃ 😀 "quoted" \\ back\nline\ttab',
  list: [1, 2, 3],
  ratio: new Tagged("ratio", [22, 7]),
  nskw: kw("some.ns/name"),
  bigdec: new Tagged("bigdec", "1.50"),
  nil: null,
  "str-keys": new Map([
    ["a", 1],
    ["b", 2],
  ]),
  nssym: sym("some.ns/sym"),
  uuid: uuid("f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
  set: new Set([1]),
  "set-kw": new Set([kw("a")]),
  "double-int": double(1),
  "empty-vec": [],
  long53: 9_007_199_254_740_993n,
  char: "a",
};
/** Bytes were in Transit's recording only: EDN has none. */
const withBytes = () => {
  const entries = Object.entries(types);
  const at = entries.findIndex(([key]) => key === "nssym");
  return Object.fromEntries([
    ...entries.slice(0, at),
    ["bytes", new Uint8Array([0, 1, 2, 0x7f, 0x80, 0xff])],
    ...entries.slice(at),
  ]);
};

/** What the recorded application did. */
function application(session: ServerSession, [id, data = null]: SenteEvent, cbId: string | null, value: unknown): void {
  const reply = (answer: unknown) => {
    if (cbId !== null) session.reply(cbId, answer);
  };
  const push = (...event: [string, unknown?]) => session.push(event);
  if (id === "test/echo") reply(data);
  else if (id === "test/push-me") push("test/pushed", data);
  else if (id === "test/push-no-data") push("test/bare");
  else if (id === "test/push-flush") push("test/pushed", data);
  else if (id === "test/burst") for (let i = 0; i < Number(data); i++) push("test/item", { i });
  else if (id === "test/fail") reply({ error: "nope" });
  else if (id === "test/chsk-err" && cbId !== null)
    session.replyFailed(cbId, { code: "error", message: "", data: null });
  else if (id === "test/big") reply("abcdefghij".repeat(Number(data)));
  else if (id === "test/uids") reply({ ws: new Set(["cap-1"]), ajax: new Set(), any: new Set(["cap-1"]) });
  else if (id === "test/types") {
    reply(value);
    push("test/types", value);
  }
}

/** Frames that we do not write as the recorded server did, by label, and why. */
const deviations = new Map([
  ["types: reply and push", "characters and lists are strings and arrays in JavaScript; compared as values below"],
  ["server replies with an unpackable object", "a JVM object; here the caller gets an EncodeError"],
  ["server replies twice", "a reply is sent once"],
  ["bad event: unwrapped [ev-id data]", "by shape it is a bare event, and is taken"],
]);

const undecodable = new Set(["garbage text", "empty text", "garbage binary", "right bytes in the wrong frame kind"]);

function replay(codec: Codec, frames: readonly Recorded[], value: unknown) {
  const ours = new Map<string, string[]>();
  const theirs = new Map<string, string[]>();
  const add = (to: Map<string, string[]>, label: string, text: string) =>
    to.set(label, [...(to.get(label) ?? []), text]);
  let session: ServerSession | undefined;
  let now = 0;
  const collect = (label: string) => {
    session?.flush();
    for (let frame = session?.nextFrame(); frame !== undefined; frame = session?.nextFrame())
      add(ours, label, String(frame.data));
  };
  for (const { label, dir, kind, text, url } of frames) {
    if (dir === "http-upgrade") {
      const { searchParams } = new URL(url ?? "");
      const uid = searchParams.get("uid") ?? searchParams.get("client-id");
      session = new ServerSession({
        codec,
        form: "wrapped",
        features: noFeatures,
        limits: { ...serverDefaults, pingIntervalMs: 1_500, pingTimeoutMs: 1_000 },
        root: Batch.root(),
      });
      session.open({ uid, csrfToken: null, data: { server: "sente", n: 1 } }, now);
      collect("handshake");
    } else if (kind === "text" && dir === "server>client") {
      add(theirs, label, text ?? "");
    } else if (kind === "text" && dir === "client>server" && session !== undefined) {
      // Sente drops what does not decode; ours counts it and closes with 4400 (section 6). What follows is as recorded.
      if (undecodable.has(label)) continue;
      session.message(codec.decode(text ?? ""), 0, now);
      for (let said = session.pollOutput(); said !== undefined; said = session.pollOutput()) {
        if (said.type === "event") application(session, said.event, said.cbId, value);
      }
      collect(label);
    }
    // The recording names its idle time by the pings that came in it.
    if (label.startsWith("idle") && dir === "server>client" && kind === "text") {
      now += 1_500;
      session?.wake(now, 0);
      collect(label);
    }
  }
  return { ours, theirs };
}

describe.each([
  { name: "edn", codec: edn, value: types as unknown },
  { name: "transit", codec: transitJson, value: withBytes() },
])("the recorded exchange with Sente in $name (PROTOCOL.md section 3)", async ({ name, codec, value }) => {
  const file = new URL(`../../golden/sente/${name}.json`, import.meta.url);
  const { frames } = JSON.parse(await readFile(file, "utf8")) as { frames: Recorded[] };
  const { ours, theirs } = replay(codec, frames, value);
  const labels = [...theirs.keys()];

  it("is long enough to mean something", () => {
    expect(labels.length).toBeGreaterThan(20);
    expect([...deviations.keys()].filter((label) => !theirs.has(label))).toEqual(["bad event: unwrapped [ev-id data]"]);
  });

  it.each(labels.filter((label) => !deviations.has(label)))("is answered byte for byte: %s", (label) => {
    // Pings and handshakes come as often as the recording was patient.
    const expected = theirs.get(label) ?? [];
    expect(ours.get(label)?.slice(0, expected.length)).toEqual(expected);
  });

  it("is answered with nothing else", () => {
    expect([...ours.keys()].filter((label) => !theirs.has(label))).toEqual(
      ours.has("bad event: unwrapped [ev-id data]") ? ["bad event: unwrapped [ev-id data]"] : [],
    );
  });

  it("has the same values where the bytes differ: every type", () => {
    const pairs = (ours.get("types: reply and push") ?? []).map((text, i) => [
      text,
      theirs.get("types: reply and push")?.[i] ?? "",
    ]);
    expect(pairs).toHaveLength(2);
    for (const [mine = "", recorded = ""] of pairs)
      expect(equal(codec.decode(mine), codec.decode(recorded))).toBe(true);
  });

  it("differs from the recording in the types by characters and lists only", () => {
    if (name !== "edn") return;
    const asWeWrite = (text: string) =>
      text
        .replace("\\newline", '"\\n"')
        .replace("\\a}", '"a"}')
        .replace(":empty-list ()", ":empty-list []")
        .replace("(1 2 3)", "[1 2 3]");
    expect(ours.get("types: reply and push")).toEqual(theirs.get("types: reply and push")?.map(asWeWrite));
  });
});
