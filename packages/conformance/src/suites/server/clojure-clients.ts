import { readFileSync } from "node:fs";
import { describe, expect } from "vitest";
import { connectRaw } from "../../raw/raw-peer.ts";
import { everyCodec, expectAlive, type ServerSection, serverFor } from "./section.ts";

// What real Clojure clients sent, played against our server frame by frame.

interface Frame {
  readonly dir: string;
  readonly text?: string;
  readonly utf8?: string;
}

interface Recording {
  readonly frames?: readonly Frame[];
  readonly connections?: readonly { readonly frames: readonly Frame[] }[];
}

/** The frames of the client's first connection. */
function sentBy(file: string): readonly string[] {
  const url = new URL(`../../../../protocol/golden/${file}`, import.meta.url);
  const { frames, connections } = JSON.parse(readFileSync(url, "utf8")) as Recording;
  return (connections?.[0]?.frames ?? frames ?? [])
    .filter(({ dir }) => dir === "c->s" || dir === "client>standin")
    .flatMap(({ text, utf8 }) => text ?? utf8 ?? []);
}

/** What our fixture answers to the frames of sente_lite's recorded client, in order; the rest it answers with nothing. */
const toSenteLite: Readonly<Record<string, string>> = {
  "[:test/echo {:n 1}]": "[:test/echoed {:n 1}]",
  "[:chsk/ws-ping]": "[:chsk/ws-pong]",
};

function refused(frame: string): string | undefined {
  const [, name] = /^\[:(sente-lite\/\w+) /.exec(frame) ?? [];
  if (name === undefined) return undefined;
  return `[:sente-lite/error {:event-id :${name}, :code "unhandled", :message "nobody handles this event"}]`;
}

export function clojureClientTests(section: ServerSection): void {
  const { test } = section;

  describe("§4 bare frames: the recorded client of sente_lite", () => {
    const server = serverFor(section, { ...everyCodec, codecs: ["edn"], codec: "edn" });

    test("gets its answers, is told that there are no rooms, and stays connected", async () => {
      const sent = sentBy("sente_lite/client-main.json");
      expect(sent.length).toBeGreaterThan(8);
      const peer = await connectRaw(`${server().url}?a=1`);
      expect(await peer.text()).toMatch(/^\[:chsk\/handshake \["[0-9a-f-]+" nil \{.*\} true\]\]$/);
      for (const frame of sent) {
        peer.send(frame);
        const answer = toSenteLite[frame] ?? refused(frame);
        if (answer !== undefined) expect(await peer.text()).toBe(answer);
      }
      peer.send("[:test/echo :still-here]");
      expect(await peer.text()).toBe("[:test/echoed :still-here]");
      for (const id of ["test/nil", "test/one", "test/rpc"]) await server().next(({ event }) => event?.[0] === id);
      await peer.close();
    });
  });

  describe("§3 wrapped frames: the recorded client of Sente on the JVM", () => {
    const server = serverFor(section, { ...everyCodec, codecs: ["edn"], codec: "edn" });

    test("gets every reply, push and pong, and its close is answered", async () => {
      const sent = sentBy("sente/jvm-client-edn.json");
      expect(sent.length).toBeGreaterThan(3);
      const peer = await connectRaw(`${server().url}?client-id=b7a9f3a0-0000-4000-8000-000000000001`);
      await peer.text();
      for (const frame of sent) {
        peer.send(frame);
        const [, cbId] = / "([0-9a-f]{6})"\]$/.exec(frame) ?? [];
        if (frame.startsWith("[[:test/echo")) expect(await peer.text()).toBe(`[{:hello "from sente jvm"} "${cbId}"]`);
        else if (frame.startsWith("[[:test/push-me")) expect(await peer.text()).toBe("[[[:test/pushed {:k :v}]] nil]");
        else if (frame.startsWith("[[:chsk/ws-ping]")) expect(await peer.text()).toBe(`["pong" "${cbId}"]`);
      }
      expect((await peer.close(1000)).code).toBe(1000);
      await expectAlive(server());
    });
  });
}
