import { describe, expect, it } from "vitest";
import type { Codec } from "../codecs/codec.ts";
import { everyCodec } from "../codecs/every-codec.test-support.ts";
import { hexOf } from "../codecs/hex.test-support.ts";
import type { SenteEvent } from "../event.ts";
import {
  makeHistory,
  makeHistoryReply,
  makeJoin,
  makeJoined,
  makeLeave,
  makeLeft,
  makeMembers,
  makePost,
  makeRefused,
  makeSend,
  makeServerJoined,
} from "../rooms/bodies.ts";
import { allFeatures } from "./features.ts";
import { eventFrame, type Frame, pushFrame, refreshFrame, replyFrame, requestFrame, volatileFrame } from "./frames.ts";
import { readClientFrame } from "./read-client-frame.ts";
import { readServerFrame } from "./read-server-frame.ts";
import { makeReply } from "./request-bodies.ts";

const said: SenteEvent = ["chat/said", { text: "hi" }];
const position = { epoch: "e1", offset: 3 };
const members = { count: 2, uids: ["ann", null] };
const joined = { position, isRecovered: true };

/** What clients send of rooms, requests and volatile events (PROTOCOL.md sections 6.10 to 6.12), and to log in anew (1.9). */
const byClients = (codec: Codec): Readonly<Record<string, Frame>> => {
  const event = (sent: SenteEvent, cbId: string | null = null) => eventFrame(codec, "wrapped", sent, cbId);
  return {
    "room-join": event(makeJoin("chat/tea", undefined), "r1"),
    "room-join, since": event(makeJoin("chat/tea", position), "r1"),
    "room-leave": event(makeLeave("chat/tea")),
    "room-send": event(makeSend("chat/tea", said)),
    "room-send, without data": event(makeSend("chat/tea", ["chat/typing"])),
    "room-history": event(makeHistory("chat/tea", 50, undefined), "r2"),
    "room-history, before": event(makeHistory("chat/tea", 50, 7), "r2"),
    reply: event(makeReply(1, { ok: true, value: ["a", 1, null] })),
    "reply, nil": event(makeReply(1, { ok: true, value: undefined })),
    "reply, error": event(makeReply(2, { ok: false, failure: { code: "busy", message: "not now", data: 5 } })),
    volatile: volatileFrame(codec, ["chat/typing", { who: "ann" }]),
    "volatile, room-send": volatileFrame(codec, makeSend("chat/tea", ["chat/typing"])),
    refresh: refreshFrame(codec, [
      ["token", "abc"],
      ["lang", "\u00e9"],
    ]),
    "refresh, without parameters": refreshFrame(codec, []),
  };
};

/** What servers send of them. */
const byServers = (codec: Codec): Readonly<Record<string, Frame>> => {
  const push = (...events: SenteEvent[]) => pushFrame(codec, "wrapped", events);
  const history = {
    entries: [
      { event: said, uid: "ann", offset: 2 },
      { event: said, uid: undefined, offset: 3 },
    ],
    position,
    isComplete: false,
  };
  return {
    "join's reply": replyFrame(codec, "r1", makeJoined(joined, members)),
    "join's reply, neither history nor members": replyFrame(
      codec,
      "r1",
      makeJoined({ position: undefined, isRecovered: false }, undefined),
    ),
    "history's reply": replyFrame(codec, "r2", makeHistoryReply(history)),
    "room-event, of the server": push(makePost("chat/tea", { event: said }, undefined)),
    "room-event, of clients, in a history": push(
      makePost("chat/tea", { event: said, uid: "ann" }, 4),
      makePost("chat/tea", { event: said, uid: null }, 5),
    ),
    "room-event, left out": push(makePost("chat/tea", undefined, 6)),
    "room-joined": push(makeServerJoined("chat/tea", joined, members)),
    "room-left": push(makeLeft("chat/tea", "put-out", "the server ended it")),
    "room-members": push(makeMembers("chat/tea", { count: 3, joined: ["bob"], left: [null] })),
    "room-members, too many to be listed": push(makeMembers("chat/tea", { count: 300, joined: [], left: [] })),
    "room-refused": push(makeRefused("chat/tea", "chat/said", "refused", "the server does not allow it")),
    request: requestFrame(codec, 1, ["file/confirm", { name: "a" }]),
    "request, without data": requestFrame(codec, 2, ["file/confirm"]),
    volatile: volatileFrame(codec, ["chat/typing", { who: "ann" }]),
    "volatile, room-event": volatileFrame(codec, makePost("chat/tea", { event: said, uid: "ann" }, undefined)),
    refresh: refreshFrame(codec),
  };
};

/** What it is where it is no event and no reply. */
const controlOf = (what: string) => ["volatile", "refresh"].find((type) => what.startsWith(type));

/** One a line: what it is, and its text, or the digits of its bytes. */
function written(frames: Readonly<Record<string, Frame>>): string {
  const lines = Object.entries(frames).map(([name, { data }]) => {
    return `${name}\t${typeof data === "string" ? data : hexOf(data)}\n`;
  });
  return lines.join("");
}

describe.each(everyCodec.map((codec) => [codec.name, codec] as const))("frames of features, in %s", (name, codec) => {
  it("are written as they were when their features got a name", async () => {
    const text = `${written(byClients(codec))}\n${written(byServers(codec))}`;
    // transit-js is another writer of the same.
    await expect(text).toMatchFileSnapshot(`../../golden/ours/features-${name}.txt`);
  });

  it("are read by the other side, and known", () => {
    for (const [what, { data }] of Object.entries(byClients(codec))) {
      const { type } = readClientFrame(codec.decode(data), codec.stringIds, allFeatures);
      expect([what, type]).toEqual([what, controlOf(what) ?? "event"]);
    }
    for (const [what, { data }] of Object.entries(byServers(codec))) {
      const read = readServerFrame(codec.decode(data), "wrapped", codec.stringIds, () => true, allFeatures);
      const type = controlOf(what) ?? (what.includes("'s reply") ? "reply" : "events");
      expect([what, read.type]).toEqual([what, type]);
      if (read.type === "events") expect(read.events.every((event) => Array.isArray(event))).toBe(true);
    }
  });
});
