import type { Codec } from "@sente-lite/protocol";
import { edn } from "@sente-lite/protocol/edn";
import { describe, expect, it } from "vitest";
import { Incoming } from "../incoming.ts";
import { openRawPeer } from "../testing/raw-peer.test-support.ts";
import { setting } from "../testing/setting.test-support.ts";
import { turnsByHand } from "../testing/turns.test-support.ts";
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
    // Each of those takes the place of eight.
    expect(read.length).toBe(8);
    expect(foreign.reading).toEqual(["pause"]);
    other.handlers.message("[[:a/other] nil]");
    expect(got).toEqual([["a/other", "other"]]);
    for (let turn = 0; turn < 70; turn++) await nextTurn();
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
    for (let i = 0; i < 8; i++) foreign.handlers.message(")");
    // 8 MiB may wait.
    for (let i = 0; i < 9; i++) foreign.handlers.message(`)${" ".repeat(1_000_000)}`);
    await clock.advance(0);
    expect(foreign.closes.map(({ code }) => code)).toEqual([4413]);
    expect(errors).toEqual(["bad-frame", "receiver-full", "frames-unread"]);
    expect(server.metrics().badEvents).toBe(8 + 8);
  });

  it("that ends its connection meanwhile is not read on, which is told and counted", async () => {
    const { server, errors, read, got } = listening();
    const foreign = await openRawPeer(server, "client-id=foreign");
    for (let i = 0; i < 200; i++) foreign.handlers.message(")");
    foreign.handlers.message("[[:a/last] nil]");
    foreign.handlers.closed(1006, "");
    for (let turn = 0; turn < 10; turn++) await nextTurn();
    expect([read.length, got]).toEqual([8, []]);
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

  it("is closed with 4413 at three times maxReceived, where its runtime reads on whatever it is told", async () => {
    const { errors, read, peer, send } = await flooding(false);
    send(3_000);
    expect([read.length, peer.closes]).toEqual([64, []]);
    send(100);
    expect([read.length, peer.closes.map(({ code }) => code)]).toEqual([64, [4413]]);
    expect(errors).toEqual(["receiver-full", "frames-unread"]);
  });
});

describe("what one peer may have read in a turn of the loop", () => {
  const settingOf = (isReadable = true) => {
    const { turns, nextTurn, countPlanned } = turnsByHand();
    const calls: string[] = [];
    const peer = {
      pause: () => void calls.push("pause"),
      resume: () => void calls.push("resume"),
      overflow: () => {},
      noteDropped: () => {},
    };
    const incoming = new Incoming({ peer, limits: { maxReceived: 1_000, maxReceivedBytes: 1_000_000 }, turns });
    let count = 0;
    const readNow = () => {
      count++;
      return isReadable;
    };
    const unread = new UnreadFrames(turns, incoming, { ...peer, readNow });
    /** How many are read in each turn, of so many frames of so many bytes. */
    const perTurn = (frames: number, bytes: number) => {
      for (let i = 0; i < frames; i++) unread.put("", bytes, false);
      const counts = [count];
      for (let before = count; countPlanned() > 0; before = count) {
        nextTurn();
        counts.push(count - before);
      }
      return counts.filter((read) => read > 0);
    };
    return { unread, calls, nextTurn, perTurn };
  };

  it("is as many frames as events are handled, and fewer of those that are large or cannot be read", () => {
    expect(settingOf().perTurn(200, 20)).toEqual([64, 64, 64, 8]);
    expect(settingOf().perTurn(10, 32_768)).toEqual([4, 4, 2]);
    expect(settingOf().perTurn(2, 200_000)).toEqual([1, 1]);
    expect(settingOf(false).perTurn(20, 1)).toEqual([8, 8, 4]);
  });

  it("ends with too many pings and pongs, too: the peer is not read on before the next", () => {
    const { unread, calls, nextTurn } = settingOf();
    for (let i = 0; i < 64; i++) unread.noteControl();
    expect(calls).toEqual([]);
    for (let i = 0; i < 64; i++) unread.noteControl();
    expect(calls).toEqual(["pause"]);
    nextTurn();
    expect(calls).toEqual(["pause", "resume"]);
    unread.noteControl();
    expect(calls).toEqual(["pause", "resume"]);
    for (let i = 0; i < 100; i++) unread.noteControl();
    unread.clear();
    nextTurn();
    expect(calls).toEqual(["pause", "resume", "pause", "resume"]);
  });
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
