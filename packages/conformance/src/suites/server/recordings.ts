import { describe, expect } from "vitest";
import { type TextCodecName, textCodecNames } from "../../codecs.ts";
import { type Deviations, type Recorded, strangers, textsOf } from "../recorded.ts";
import { readRecording } from "./recording.ts";
import { connectPeer, everyCodec, fresh, greetPeer, type ServerSection, serverFor, sharedServer } from "./section.ts";

// What a real Sente answered, asked of our server: the same bytes have to come back.

const files: Readonly<Partial<Record<TextCodecName, string>>> = { edn: "edn.json", "transit-json": "transit.json" };

/** Other answers than the recorded, in both codecs. */
const deviations: Deviations<{ readonly edn: readonly string[]; readonly "transit-json": readonly string[] }> = {
  "echo without cb (no reply)": {
    why: "the fixture pushes what Sente's application left unanswered",
    edn: ["[[[:test/echoed {:a 1}]] nil]"],
    "transit-json": ['[[["~:test/echoed",["^ ","~:a",1]]],null]'],
  },
  "frame shape: 1-vector [ev]": {
    why: "as the echo without cb",
    edn: ["[[[:test/echoed 1]] nil]"],
    "transit-json": ['[[["~:test/echoed",1]],null]'],
  },
  "bad event: unwrapped [ev-id data]": {
    why: "by its shape it is a bare event, and is taken (section 4)",
    edn: ["[[[:test/echoed 1]] nil]"],
    "transit-json": ['[[["~:test/echoed",1]],null]'],
  },
  "server handler throws": {
    why: "the caller is told, and need not wait for its timeout (section 3)",
    edn: ['[:chsk/error "cbthr1"]'],
    "transit-json": ['["~:chsk/error","cbthr1"]'],
  },
  "unknown event with cb (no reply)": {
    why: "as where a handler throws",
    edn: ['[:chsk/error "cbunk1"]'],
    "transit-json": ['["~:chsk/error","cbunk1"]'],
  },
  "server replies twice": {
    why: "a reply is sent once",
    edn: ['[1 "cbtwi1"]'],
    "transit-json": ['[1,"cbtwi1"]'],
  },
  uids: {
    why: "the fixture tells the uids alone",
    edn: ['[["cap-1"] "cbuid1"]'],
    "transit-json": ['[["cap-1"],"cbuid1"]'],
  },
};

/** Exchanges that are not asked here, and why. */
const notAsked: Readonly<Record<string, string>> = {
  "types: reply and push":
    "the fixture's sample has other values; packages/protocol/src/wire/recorded-sente.test.ts has these",
  "server replies with an unpackable object": "there is no JVM object here",
};

const sentinel = {
  edn: ['[[:test/echo :end] "end"]', '[:end "end"]'],
  json: ['[["test/echo","end"],"end"]', '["end","end"]'],
  "transit-json": ['[["~:test/echo","~:end"],"end"]', '["~:end","end"]'],
} as const;

/** Sente drops these, and its sender never learns of it; so do we, and report it. */
const undecodable = ["garbage text", "empty text", "garbage binary", "right bytes in the wrong frame kind"];

export function recordingTests(section: ServerSection): void {
  const { test } = section;

  describe("§3 wrapped frames: as a real Sente answered", () => {
    // Where the recorded user is alone: the uids are in an answer.
    const server = serverFor(section, everyCodec);
    const others = sharedServer(section);
    const pinging = sharedServer(section, {
      ...everyCodec,
      options: { pingIntervalMs: 60, pingTimeoutMs: 150, presenceGraceMs: 50 },
    });

    for (const codec of textCodecNames) {
      const file = files[codec];
      if (file === undefined || codec === "json") continue;
      const { frames } = readRecording<{ readonly frames: readonly Recorded[] }>(`sente/${file}`);
      const main = frames.filter(({ conn }) => conn === undefined);
      const of = (conn: string) => frames.filter((frame) => frame.conn === conn);
      const [ask, answer] = sentinel[codec];
      const labels = [...new Set(main.filter(({ dir }) => dir === "client>server").map(({ label }) => label))].filter(
        (label) => !label.startsWith("idle"),
      );

      for (const label of labels.filter((one) => !(one in notAsked))) {
        const deviation = deviations[label];
        test(`${codec}, recorded: ${label}${deviation === undefined ? "" : ` (otherwise: ${deviation.why})`}`, async () => {
          const peer = await greetPeer(server(), `client-id=${fresh("rec")}&uid=cap-1&codec=${codec}`);
          for (const text of textsOf(main, label, "client>server")) peer.send(text);
          peer.send(ask);
          const answers = deviation?.[codec] ?? textsOf(main, label, "server>client");
          expect(await peer.texts(answers.length + 1)).toEqual([...answers, answer]);
          await peer.close();
        });
      }

      test(`${codec}, recorded: every label of a table is one of the recording`, () => {
        expect(labels.length).toBeGreaterThan(20);
        expect(strangers({ ...deviations, ...notAsked }, labels)).toEqual([]);
      });

      test(`${codec}, recorded: pings, of which the second is not answered (otherwise: 4408 in place of 1000)`, async () => {
        const peer = await greetPeer(pinging(), `client-id=${fresh("idle")}&codec=${codec}`);
        const pings = main.filter(
          ({ label, dir, kind }) => label.startsWith("idle") && dir === "server>client" && kind === "text",
        );
        expect(pings).toHaveLength(2);
        expect(await peer.text()).toBe(pings[0]?.text);
        for (const text of textsOf(main, "idle: server ws-ping", "client>server")) peer.send(text);
        expect(await peer.text()).toBe(pings[1]?.text);
        expect(main.filter(({ kind }) => kind === "close").map(({ code }) => code)).toEqual([1000]);
        expect((await peer.waitForClose()).code).toBe(4408);
      });

      test(`${codec}, recorded: the client comes again, and the application closes`, async () => {
        const clientId = fresh("again");
        await (await greetPeer(others(), `client-id=${clientId}&codec=${codec}`)).close();
        const again = of("reconnect");
        const peer = await connectPeer(others(), `client-id=${clientId}&codec=${codec}`);
        const [handshake = ""] = textsOf(again, "handshake", "server>client");
        expect(stripIds(await peer.text())).toBe(stripIds(handshake));
        const label = "server closes: [:chsk/close]";
        for (const text of textsOf(again, label, "client>server")) peer.send(text);
        const { code, reason } = again.find((frame) => frame.label === label && frame.kind === "close") ?? {};
        expect(await peer.waitForClose()).toEqual({ code, reason });
      });

      for (const what of undecodable) {
        test(`${codec}, recorded: ${what}, what follows it, and the close`, async () => {
          const peer = await greetPeer(others(), `client-id=${fresh("bad")}&codec=${codec}`);
          const [sent] = of(what).filter((frame) => frame.label === what && frame.dir === "client>server");
          if (sent?.kind === "binary") peer.sendBinary(Buffer.from(sent.base64 ?? "", "base64"));
          else peer.send(sent?.text ?? "no such frame");
          const after = `${what} / echo afterwards`;
          for (const text of textsOf(of(what), after, "client>server")) peer.send(text);
          for (const text of textsOf(of(what), after, "server>client")) expect(await peer.text()).toBe(text);
          const closes = of(what).filter(({ kind }) => kind === "close");
          expect(closes).toHaveLength(2);
          expect((await peer.close(closes[0]?.code, closes[0]?.reason)).code).toBe(closes[1]?.code);
        });
      }

      test(`${codec}, recorded: a user of a name of its own`, async () => {
        const peer = await connectPeer(others(), `client-id=${fresh("named")}&uid=user-7&codec=${codec}`);
        const [handshake = ""] = textsOf(of("http"), "handshake", "server>client");
        expect(handshake).toContain('"user-7"');
        expect(stripData(await peer.text())).toBe(stripData(handshake));
        await peer.close();
      });
    }
  });
}

/** A handshake without what the application put into it: each had its own. */
function stripData(handshake: string): string {
  return handshake.replace(/\{:server.*\}|\["\^ ".*?\]/, "DATA");
}

/** A handshake without its uid, which is the client's id. */
function stripIds(handshake: string): string {
  return stripData(handshake).replace(/\["[\w-]+"(?=[ ,]n)/, '["ID"');
}
