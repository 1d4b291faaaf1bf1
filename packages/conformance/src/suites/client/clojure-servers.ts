import { describe, expect } from "vitest";
import sente from "../../../../protocol/golden/sente/edn.json" with { type: "json" };
import odd from "../../../../protocol/golden/sente/jvm-client-edn-odd.json" with { type: "json" };
import senteLiteHeartbeat from "../../../../protocol/golden/sente_lite/server-heartbeat-pong.json" with {
  type: "json",
};
import senteLite from "../../../../protocol/golden/sente_lite/server-main.json" with { type: "json" };
import { type ClientSection, codesOf, eventsOf, isOpen, played, until, withId } from "./section.ts";

// What real Clojure servers sent, played to our client frame by frame.

interface Frame {
  readonly dir: string;
  readonly conn?: string;
  readonly text?: string;
  readonly utf8?: string;
}

/** The frames of the server on its first connection. */
function sentBy(frames: readonly Frame[]): readonly string[] {
  return frames
    .filter(({ dir, conn }) => (dir === "server>client" && conn === undefined) || dir === "s->c")
    .flatMap(({ text, utf8 }) => text ?? utf8 ?? []);
}

/** Odd frames that were once sent to Sente's own client: after these ours closes with 4400, after all others it goes on. */
const closing = new Set(["garbage", "binary frame holding edn", "second handshake"]);

interface OddFrame extends Frame {
  readonly label?: string;
  readonly kind?: string;
}

function isOddFrame({ dir, kind, label = "" }: OddFrame): boolean {
  return dir === "standin>client" && (kind === "text" || kind === "binary") && !/^handshake|^good push/.test(label);
}

export function clojureServerTests(section: ClientSection): void {
  const { test } = section;

  describe("§3 wrapped frames: the recorded server of Sente", () => {
    test("is understood: every push arrives in order, every ping is answered, and no reply that nobody asked for harms", async () => {
      const { stage, client, messages, errors } = await played(section);
      const [handshake = "", ...frames] = sentBy(sente.frames as readonly Frame[]);
      const connection = await stage.greeted(handshake);
      expect(await until(client.state, isOpen)).toMatchObject({
        uid: "cap-1",
        handshakeData: { server: "sente", n: 1 },
      });
      for (const frame of frames) connection.send(frame);
      connection.send("[[[:test/last 1]] nil]");
      await messages.next(withId("test/last"));
      const ids = (eventsOf(messages) as [string][]).map(([id]) => id);
      const pushed = frames.filter((frame) => frame.startsWith("[[[")).join("");
      expect(ids.length).toBe((pushed.match(/\[:test\/(pushed|bare|item|types)/g) ?? []).length + 1);
      expect(eventsOf(messages).slice(0, 3)).toEqual([
        ["test/pushed", expect.anything()],
        ["test/bare"],
        ["test/pushed", 1],
      ]);
      expect(eventsOf(messages).slice(3, 6)).toEqual([0, 1, 2].map((i) => ["test/item", { i }]));
      const pings = frames.filter((frame) => frame === "[:chsk/ws-ping nil]").length;
      expect(pings).toBeGreaterThan(0);
      // One pong may answer pings that came together.
      expect(await connection.frame()).toBe("[[:chsk/ws-pong] nil]");
      expect([client.state.get().open, codesOf(errors)]).toEqual([true, []]);
    });
  });

  describe("§3 wrapped frames: odd frames, as they were sent to Sente's own client", () => {
    for (const { label = "", text } of (odd.frames as readonly OddFrame[]).filter(isOddFrame)) {
      const isClosing = closing.has(label);
      test(`odd: ${label}: the client ${isClosing ? "closes with 4400, and comes again" : "goes on"}`, async () => {
        const { stage, client, messages } = await played(section);
        const connection = await stage.greeted();
        await until(client.state, isOpen);
        if (text === undefined) connection.sendBinary(btoa("[[[:odd/binary 1]] nil]"));
        else connection.send(text);
        if (isClosing) {
          expect((await connection.closed()).code).toBe(4400);
          (await stage.greeted()).send("[[[:test/last 1]] nil]");
        } else connection.send("[[[:test/last 1]] nil]");
        await messages.next(withId("test/last"));
        expect(client.state.get().open).toBe(true);
      });
    }

    test("odd: a batch with a bad event in it loses no other", async () => {
      const { stage, messages } = await played(section);
      const { text = "" } =
        (odd.frames as readonly OddFrame[]).find(({ label }) => label === "batch with a bad 2nd event") ?? {};
      (await stage.greeted()).send(text);
      await messages.next(withId("odd/after-bad"));
      expect(eventsOf(messages)).toEqual([
        ["odd/good", 1],
        ["odd/after-bad", 3],
      ]);
    });

    test("odd: nil for a uid, and for all of a bare handshake", async () => {
      for (const handshake of ["[[:chsk/handshake [nil nil nil]] nil]", "[:chsk/handshake nil]"]) {
        const { stage, client } = await played(section);
        await stage.greeted(handshake);
        expect((await until(client.state, isOpen)).uid).toBe(null);
      }
    });
  });

  describe("§4 bare frames: the recorded server of sente_lite", () => {
    test("is understood: every event arrives", async () => {
      const { stage, client, messages } = await played(section);
      const [first = "", ...rest] = sentBy(senteLite.frames as readonly Frame[]);
      const all = [first, ...rest];
      const at = all.findIndex((frame) => frame.startsWith("[:chsk/handshake"));
      const connection = await stage.greeted(all[at]);
      expect(await until(client.state, isOpen)).toMatchObject({ handshakeData: { "sente-lite-version": "2.0.0" } });
      // Two echoes are no EDN: a regular expression, and an object of JavaScript. They would close with 4400.
      const isEdn = (frame: string) => !/#"|#object/.test(frame);
      const events = all.slice(at + 1).filter((frame) => frame.startsWith("[:sente-lite/") && isEdn(frame));
      expect(events.length).toBeGreaterThan(20);
      for (const frame of events) connection.send(frame);
      connection.send("[:test/last 1]");
      await messages.next(withId("test/last"));
      expect((eventsOf(messages) as [string][]).map(([id]) => id)).toEqual([
        ...events.map((frame) => /^\[:(\S+) /.exec(frame)?.[1]),
        "test/last",
      ]);
      expect(client.state.get().open).toBe(true);
    });

    test("is answered: each of its pings by a pong", async () => {
      const { stage } = await played(section);
      const [handshake = "", ...pings] = sentBy(senteLiteHeartbeat.frames as readonly Frame[]);
      const connection = await stage.greeted(handshake);
      for (const ping of pings.slice(0, 3)) {
        connection.send(ping);
        expect(await connection.frame()).toBe("[:chsk/ws-pong]");
      }
    });
  });
}
