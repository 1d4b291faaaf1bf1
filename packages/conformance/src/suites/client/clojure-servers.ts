import type { SenteEvent } from "@sente-lite/protocol";
import { describe, expect } from "vitest";
import sente from "../../../../protocol/golden/sente/edn.json" with { type: "json" };
import odd from "../../../../protocol/golden/sente/jvm-client-edn-odd.json" with { type: "json" };
import senteLiteUnanswered from "../../../../protocol/golden/sente_lite/server-heartbeat-nopong.json" with {
  type: "json",
};
import senteLiteHeartbeat from "../../../../protocol/golden/sente_lite/server-heartbeat-pong.json" with {
  type: "json",
};
import senteLite from "../../../../protocol/golden/sente_lite/server-main.json" with { type: "json" };
import senteLiteQuery from "../../../../protocol/golden/sente_lite/server-query-params.json" with { type: "json" };
import { type ClientSection, codesOf, eventsOf, isOpen, stageClient, until, withId } from "./section.ts";

// What real Clojure servers sent, played to our client frame by frame.

interface Frame {
  readonly dir: string;
  readonly conn?: string;
  readonly text?: string;
  readonly utf8?: string;
}

/** The frames of the server on its first connection. */
function framesOf(frames: readonly Frame[]): readonly string[] {
  return frames
    .filter(({ dir, conn }) => (dir === "server>client" && conn === undefined) || dir === "s->c")
    .flatMap(({ text, utf8 }) => text ?? utf8 ?? []);
}

/** Recordings of sente_lite's server that are a handshake, pings and a close. */
const heartbeats = {
  "a client that answered": senteLiteHeartbeat,
  "a client that did not": senteLiteUnanswered,
  "a client with query parameters": senteLiteQuery,
};

/** What we write otherwise than sente_lite did, and why. */
const otherwise: readonly (readonly [from: string, to: string, why: string])[] = [
  ["(", "[", "a list is an Array here, and so a vector"],
  [")", "]", "as ("],
  ["#:foo{:a 1, :b 2}", "{:foo/a 1, :foo/b 2}", "the short form of namespaced maps is read, not written"],
];

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
      const { stage, client, messages, errors } = await stageClient(section);
      const [handshake = "", ...frames] = framesOf(sente.frames as readonly Frame[]);
      const connection = await stage.greet(handshake);
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
        const { stage, client, messages } = await stageClient(section);
        const connection = await stage.greet();
        await until(client.state, isOpen);
        if (text === undefined) connection.sendBinary(btoa("[[[:odd/binary 1]] nil]"));
        else connection.send(text);
        if (isClosing) {
          expect((await connection.waitForClose()).code).toBe(4400);
          (await stage.greet()).send("[[[:test/last 1]] nil]");
        } else connection.send("[[[:test/last 1]] nil]");
        await messages.next(withId("test/last"));
        expect(client.state.get().open).toBe(true);
      });
    }

    test("odd: a batch with a bad event in it loses no other", async () => {
      const { stage, messages } = await stageClient(section);
      const { text = "" } =
        (odd.frames as readonly OddFrame[]).find(({ label }) => label === "batch with a bad 2nd event") ?? {};
      (await stage.greet()).send(text);
      await messages.next(withId("odd/after-bad"));
      expect(eventsOf(messages)).toEqual([
        ["odd/good", 1],
        ["odd/after-bad", 3],
      ]);
    });

    test("odd: closed, cut, and closed before the handshake, as its connections were: it comes again after each", async () => {
      const { stage, client } = await stageClient(section);
      const of = (conn: string) => (odd.frames as readonly OddFrame[]).filter((frame) => frame.conn === conn);
      const greetingOf = (conn: string) => of(conn).find(({ kind }) => kind === "text")?.text;
      const closed = await stage.greet(greetingOf("conn2"));
      expect((await until(client.state, isOpen)).uid).toBe("u-2");
      closed.close(1001, "bye");
      const cut = await stage.greet(greetingOf("conn3"));
      expect((await until(client.state, ({ open, uid }) => open && uid === "u-3")).open).toBe(true);
      cut.terminate();
      (await stage.connection()).close(1011, "no");
      await stage.greet(greetingOf("conn3"));
      await until(client.state, isOpen);
      expect(stage.count).toBe(4);
    });

    test("odd: nil for a uid, and for all of a bare handshake", async () => {
      for (const handshake of ["[[:chsk/handshake [nil nil nil]] nil]", "[:chsk/handshake nil]"]) {
        const { stage, client } = await stageClient(section);
        await stage.greet(handshake);
        expect((await until(client.state, isOpen)).uid).toBe(null);
      }
    });
  });

  describe("§4 bare frames: the recorded server of sente_lite", () => {
    test("is understood: every event arrives", async () => {
      const { stage, client, messages } = await stageClient(section);
      const [first = "", ...rest] = framesOf(senteLite.frames as readonly Frame[]);
      const all = [first, ...rest];
      const at = all.findIndex((frame) => frame.startsWith("[:chsk/handshake"));
      const connection = await stage.greet(all[at]);
      expect(await until(client.state, isOpen)).toMatchObject({ handshakeData: { "sente-lite-version": "2.0.0" } });
      // Two echoes are no EDN: a regular expression, and an object of JavaScript. They would close with 4400.
      const isEdn = (frame: string) => !/#"|#object/.test(frame);
      const events = all.slice(at + 1).filter((frame) => frame.startsWith("[:sente-lite/") && isEdn(frame));
      expect(events.length).toBeGreaterThan(20);
      for (const frame of events) connection.send(frame);
      connection.send("[:test/last 1]");
      await messages.next(withId("test/last"));
      const received = eventsOf(messages) as readonly SenteEvent[];
      expect(received.map(([id]) => id)).toEqual([
        ...events.map((frame) => /^\[:(\S+) /.exec(frame)?.[1]),
        "test/last",
      ]);
      // Sent again, each is the recorded text.
      const texts: string[] = [];
      for (const event of received.slice(0, -1)) {
        client.sendFn(event);
        texts.push(await connection.frame());
      }
      expect(texts).toEqual(
        events.map((frame) => otherwise.reduce((text, [from, to]) => text.replaceAll(from, to), frame)),
      );
      expect(client.state.get().open).toBe(true);
    });

    for (const [name, { frames, close }] of Object.entries(heartbeats)) {
      test(`is answered: each ping of ${name} by a pong; and its close by another connection`, async () => {
        const { stage, client } = await stageClient(section);
        const [handshake = "", ...pings] = framesOf(frames as readonly Frame[]);
        const connection = await stage.greet(handshake);
        expect((await until(client.state, isOpen)).uid).toMatch(/^conn-\d+-\d$/);
        for (const ping of pings) {
          connection.send(ping);
          expect(await connection.frame()).toBe("[:chsk/ws-pong]");
        }
        // 1005 is the absence of a code.
        if (close.code === 1005) connection.close();
        else connection.close(close.code, close.reason);
        await stage.greet(handshake);
        await until(client.state, isOpen);
      });
    }
  });
}
