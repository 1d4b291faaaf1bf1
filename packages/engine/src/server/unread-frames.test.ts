import type { Codec } from "@sente-lite/protocol";
import { edn } from "@sente-lite/protocol/edn";
import { describe, expect, it } from "vitest";
import { Incoming } from "../incoming.ts";
import { openRawPeer } from "../testing/raw-peer.test-support.ts";
import { setting, testHost } from "../testing/setting.test-support.ts";
import { Turns } from "../turns.ts";
import { UnreadFrames } from "./unread-frames.ts";

/** EDN, and how many frames it was given. */
function counted() {
  const read: string[] = [];
  const codec: Codec = {
    ...edn,
    decode: (data) => {
      read.push(String(data));
      return edn.decode(data);
    },
  };
  return { codec, read };
}

function listening() {
  const { codec, read } = counted();
  const { server, clock, errors } = setting({ codec });
  const got: unknown[] = [];
  server.chRecv.on("*", ({ id, clientId }) => {
    if (!id.startsWith("chsk/")) got.push([id, clientId]);
  });
  return { server, clock, errors, read, got };
}

/** The server asked for it before. */
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("a peer that is not ours, whose frames cannot be read", () => {
  it("has its turn of the loop, and others go on in between", async () => {
    const { server, errors, read, got } = listening();
    const foreign = await openRawPeer(server, "client-id=foreign");
    const other = await openRawPeer(server, "client-id=other");
    for (let i = 0; i < 500; i++) foreign.handlers.message(")");
    foreign.handlers.message("[[:a/last] nil]");
    expect(read.length).toBe(64);
    expect(foreign.reading).toEqual(["pause"]);
    other.handlers.message("[[:a/other] nil]");
    expect(got).toEqual([["a/other", "other"]]);
    for (let turn = 0; turn < 10; turn++) await nextTurn();
    expect(got).toEqual([
      ["a/other", "other"],
      ["a/last", "foreign"],
    ]);
    expect([read.length, foreign.reading, foreign.closes]).toEqual([502, ["pause", "resume"], []]);
    // Told once, counted each time.
    expect([errors, server.metrics().badEvents]).toEqual([["bad-frame"], 500]);
    foreign.handlers.message("[[:a/later] nil]");
    expect(got.at(-1)).toEqual(["a/later", "foreign"]);
  });

  it("is bounded like one whose events wait, where it is not paused", async () => {
    const { server, clock, errors } = listening();
    const foreign = await openRawPeer(server, "client-id=foreign");
    for (let i = 0; i < 64; i++) foreign.handlers.message(")");
    // 8 MiB may wait.
    for (let i = 0; i < 9; i++) foreign.handlers.message(`)${" ".repeat(1_000_000)}`);
    await clock.advance(0);
    expect(foreign.closes.map(({ code }) => code)).toEqual([4413]);
    expect(errors).toEqual(["bad-frame", "receiver-full", "frames-unread"]);
    expect(server.metrics().badEvents).toBe(64 + 8);
  });

  it("that ends its connection meanwhile is not read on, which is told and counted", async () => {
    const { server, errors, read, got } = listening();
    const foreign = await openRawPeer(server, "client-id=foreign");
    for (let i = 0; i < 200; i++) foreign.handlers.message(")");
    foreign.handlers.message("[[:a/last] nil]");
    foreign.handlers.closed(1006, "");
    for (let turn = 0; turn < 10; turn++) await nextTurn();
    expect([read.length, got]).toEqual([64, []]);
    expect([errors, server.metrics().badEvents]).toEqual([["bad-frame", "frames-unread"], 201]);
  });
});

describe("a peer that sends more than its share of a turn", () => {
  const flooding = async (canPause: boolean) => {
    const room = listening();
    const peer = await openRawPeer(room.server, "client-id=flood", { canPause });
    return {
      ...room,
      peer,
      send: (count: number) => {
        for (let n = 0; n < count; n++) peer.handlers.message(`[[:a/n ${n}] nil]`);
      },
    };
  };

  it("has the rest decoded in later turns, and all of it handled, more than maxReceived too", async () => {
    const { server, errors, read, got, peer, send } = await flooding(true);
    const other = await openRawPeer(server, "client-id=other");
    send(3_000);
    expect(read).toHaveLength(64);
    other.handlers.message("[[:a/other] nil]");
    expect(got.at(-1)).toEqual(["a/other", "other"]);
    for (let turn = 0; turn < 50; turn++) await nextTurn();
    expect([got.length, peer.reading, peer.closes, errors]).toEqual([3_001, ["pause", "resume"], [], []]);
  });

  it("is closed with 4413 at six times maxReceived, where its runtime reads on whatever it is told", async () => {
    const { errors, read, peer, send } = await flooding(false);
    send(6_000);
    expect([read.length, peer.closes]).toEqual([64, []]);
    send(100);
    expect([read.length, peer.closes.map(({ code }) => code)]).toEqual([64, [4413]]);
    expect(errors).toEqual(["receiver-full", "frames-unread"]);
  });
});

it("as many frames are read in a turn of the loop as events are handled", () => {
  const ends: (() => void)[] = [];
  const turns = new Turns({ ...testHost(), setTimer: (_ms, fn) => ends.push(fn) });
  const peer = { pause: () => {}, resume: () => {}, overflow: () => {}, noteDropped: () => {} };
  const limits = { maxReceived: 1_000, maxReceivedBytes: 1_000_000 };
  const incoming = new Incoming({ peer, limits, turns });
  let count = 0;
  const unread = new UnreadFrames(turns, incoming, () => count++);
  for (let i = 0; i < 200; i++) unread.put(")", 1, false);
  const counts = [count];
  for (let end = ends.shift(); end !== undefined; end = ends.shift()) {
    end();
    counts.push(count);
  }
  expect(counts).toEqual([64, 128, 192, 200]);
});

it("what is no event is told once a minute for each peer, and counted each time", async () => {
  const { server, clock, errors } = listening();
  const peers = [
    await openRawPeer(server, "client-id=a"),
    await openRawPeer(server, "client-id=b&sente-lite=1&codec=edn"),
  ];
  for (const { handlers } of peers) for (let i = 0; i < 20; i++) handlers.message("[1]");
  expect([errors, server.metrics().badEvents]).toEqual([["bad-event", "bad-event"], 40]);
  await clock.advance(60_000);
  const again = await openRawPeer(server, "client-id=a");
  again.handlers.message("[1]");
  expect(errors.filter((code) => code === "bad-event")).toHaveLength(3);
});
