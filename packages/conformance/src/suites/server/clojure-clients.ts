import { describe, expect } from "vitest";
import { connectRaw, type RawPeer } from "../../raw/raw-peer.ts";
import type { RunningServer } from "../../targets/target.ts";
import type { Recorded } from "../recorded.ts";
import { readRecording } from "./recording.ts";
import { expectAlive, type ServerSection, serverFor, sharedServer } from "./section.ts";

// What real Clojure clients sent, played against our server: every connection, frame by frame, to its close.

interface Connection {
  /** What follows the path in the address that it asked for. */
  readonly search: string;
  readonly sent: readonly string[];
  /** How it was closed: 1005 without a code, 1006 by a cut. */
  readonly close: { readonly code: number; readonly reason: string };
}

interface SenteLiteClient {
  readonly connections: readonly {
    readonly url: string;
    readonly frames: readonly { readonly dir: string; readonly utf8?: string }[];
    readonly close: { readonly code: number; readonly reason: string };
  }[];
}

function searchOf(url: string): string {
  return new URL(url, "ws://recorded").search;
}

/** The connections of sente_lite's client. */
function senteLiteClient(file: string): readonly Connection[] {
  return readRecording<SenteLiteClient>(`sente_lite/${file}.json`).connections.map(({ url, frames, close }) => ({
    search: searchOf(url),
    sent: frames.flatMap(({ dir, utf8 }) => (dir === "c->s" && utf8 !== undefined ? [utf8] : [])),
    close,
  }));
}

/** The connections of Sente's client on the JVM. */
function senteClient(file: string): readonly Connection[] {
  const { frames } = readRecording<{ readonly frames: readonly Recorded[] }>(`sente/${file}.json`);
  return [...new Set(frames.map(({ conn }) => conn))].map((conn) => {
    const own = frames.filter((frame) => frame.conn === conn);
    const sent = own.filter(({ dir }) => dir === "client>standin");
    const { code = 1005, reason = "" } = sent.find(({ kind }) => kind === "close") ?? {};
    return {
      search: searchOf(own.find(({ dir }) => dir === "http-request")?.url ?? ""),
      sent: sent.flatMap(({ kind, text }) => (kind === "text" && text !== undefined ? [text] : [])),
      close: { code, reason },
    };
  });
}

/** The peer ends its connection as the recorded client did. */
async function endAsRecorded(peer: RawPeer, { code, reason }: Connection["close"]): Promise<void> {
  if (code === 1006) peer.terminate();
  else if (code === 1005) expect([1000, 1005]).toContain((await peer.close("none")).code);
  else expect((await peer.close(code, reason)).code).toBe(code);
}

/** What our fixture answers to a frame of sente_lite's client; the rest it answers with nothing. */
function answerSenteLite(frame: string): string | undefined {
  if (frame === "[:chsk/ws-ping]") return "[:chsk/ws-pong]";
  if (frame.startsWith("[:test/echo ")) return frame.replace(":test/echo", ":test/echoed");
  const [, name] = /^\[:(sente-lite\/\w+) /.exec(frame) ?? [];
  if (name === undefined) return undefined;
  return `[:sente-lite/error {:event-id :${name}, :code "unhandled", :message "nobody handles this event"}]`;
}

/** And to a frame of Sente's client. */
function answerSente(frame: string): string | undefined {
  const [, cbId] = / "([0-9a-f]{6})"\]$/.exec(frame) ?? [];
  if (frame.startsWith("[[:test/echo")) return `[{:hello "from sente jvm"} "${cbId}"]`;
  if (frame.startsWith("[[:test/push-me")) return "[[[:test/pushed {:k :v}]] nil]";
  if (frame.startsWith("[[:chsk/ws-ping]")) return `["pong" "${cbId}"]`;
  return undefined;
}

/** Plays one connection; every answer has to come, and no other. */
async function playConnection(
  server: RunningServer,
  { search, sent, close }: Connection,
  answerTo: (frame: string) => string | undefined,
): Promise<string> {
  const peer = await connectRaw(`${server.url}${search}`);
  const handshake = await peer.text();
  for (const frame of sent) {
    peer.send(frame);
    const answer = answerTo(frame);
    if (answer !== undefined) expect(await peer.text()).toBe(answer);
  }
  expect(await peer.ask('[[:test/echo :still-here] "end"]')).toBe('[:still-here "end"]');
  await endAsRecorded(peer, close);
  return handshake;
}

export function clojureClientTests(section: ServerSection): void {
  const { test } = section;

  describe("§4 bare frames: the recorded client of sente_lite", () => {
    const server = sharedServer(section, { codecs: ["edn"], codec: "edn" });

    test("gets its answers, is told that there are no rooms, and stays connected", async () => {
      const connections = senteLiteClient("client-main");
      expect(connections.map(({ sent }) => sent.length > 8)).toEqual([true]);
      for (const connection of connections) {
        const handshake = await playConnection(server(), connection, answerSenteLite);
        expect(handshake).toMatch(/^\[:chsk\/handshake \["[0-9a-f-]+" nil \{.*\} true\]\]$/);
      }
      for (const id of ["test/nil", "test/one", "test/rpc"]) await server().next(({ event }) => event?.[0] === id);
      await expectAlive(server());
    });

    for (const [file, count] of [
      ["client-hs1", 1],
      ["client-hs2", 1],
      ["client-hsnil", 1],
      ["client-reconnect", 3],
    ] as const) {
      test(`gets its answers on every connection of ${file}, and ends each as it did`, async () => {
        const connections = senteLiteClient(file);
        expect(connections.map(({ sent }) => sent.length)).toEqual(Array(count).fill(1));
        for (const connection of connections) await playConnection(server(), connection, answerSenteLite);
        await expectAlive(server());
      });
    }
  });

  describe("§3 wrapped frames: the recorded client of Sente on the JVM", () => {
    const csrfToken = "tok+en/1=";
    const guarded = serverFor(section, { codecs: ["edn"], codec: "edn", options: { csrfToken } });
    const server = sharedServer(section, { codecs: ["edn"], codec: "edn" });

    test("gets every reply, push and pong, with its own address, and its close is answered", async () => {
      const [connection, ...others] = senteClient("jvm-client-edn");
      if (connection === undefined) throw new Error("nothing was recorded");
      expect([connection.sent.length, connection.close.code, others]).toEqual([5, 1000, []]);
      expect(await playConnection(guarded(), connection, answerSente)).toContain('[[:chsk/handshake ["u x&y" nil ');
    });

    test("gets its answers on every connection, and none harms that ends with an error or a cut", async () => {
      const connections = senteClient("jvm-client-edn-odd");
      expect(connections.map(({ close }) => close.code)).toEqual([1011, 1001, 1006, 1011]);
      for (const connection of connections) await playConnection(server(), connection, answerSente);
      await expectAlive(server());
    });
  });
}
