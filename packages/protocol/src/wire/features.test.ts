import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  allFeatures,
  baselineFeatures,
  featuresAmong,
  isSameFeatures,
  readFeatures,
  type Way,
  writeFeatures,
} from "./features.ts";
import { frameKinds, frameTypeOf } from "./frames.ts";
import type { ClientFrame } from "./read-client-frame.ts";
import type { ServerFrame } from "./read-server-frame.ts";

const protocol = readFileSync(new URL("../../../../PROTOCOL.md", import.meta.url), "utf8");
const section = (number: string) => {
  const [, text = ""] = protocol.split(new RegExp(`^### ${number.replace(".", "\\.")} .*$`, "m"));
  return text.split(/^##/m, 1)[0] ?? "";
};

describe("features (PROTOCOL.md §1.8)", () => {
  it("are read as they are written", () => {
    expect(readFeatures(writeFeatures(allFeatures))).toEqual(allFeatures);
    expect(readFeatures("")).toEqual(new Set());
    expect(readFeatures(null)).toBeUndefined();
  });

  it("that are not known are ignored, and what is no name too", () => {
    expect(featuresAmong(["rooms-of-tomorrow", 7, null, ["sessions"], "sessions", "__proto__"])).toEqual(
      new Set(["sessions"]),
    );
  });

  it("are the same in any order", () => {
    expect(isSameFeatures(featuresAmong(["sessions"]), featuresAmong(["x", "sessions"]))).toBe(true);
    expect(isSameFeatures(featuresAmong(["sessions"]), allFeatures)).toBe(false);
  });

  it("stand in PROTOCOL.md, each in the table of its section", () => {
    const rows = [...section("1.8").matchAll(/^\| `([a-z-]+)` \|.*\| (yes|no) \|$/gm)];
    expect(rows.map(([, name]) => name)).toEqual([...allFeatures]);
    expect(rows.filter(([, , isBaseline]) => isBaseline === "yes").map(([, name]) => name)).toEqual([
      ...baselineFeatures,
    ]);
  });
});

describe("the table of frames", () => {
  it("has the frames that the readers of each side tell apart, and no others", () => {
    const ofClients: Record<ClientFrame["type"], true> = {
      event: true,
      ping: true,
      pong: true,
      ack: true,
      volatile: true,
      refresh: true,
      "bad-event": true,
    };
    const ofServers: Record<ServerFrame["type"], true> = {
      handshake: true,
      events: true,
      reply: true,
      ping: true,
      pong: true,
      ack: true,
      volatile: true,
      refresh: true,
      "bad-event": true,
    };
    const going = (way: Way) =>
      Object.entries(frameKinds).flatMap(([type, { direction }]) => ([way, "both"].includes(direction) ? [type] : []));
    expect(going("c->s").sort()).toEqual(Object.keys(ofClients).sort());
    expect(going("s->c").sort()).toEqual(Object.keys(ofServers).sort());
  });

  it("knows a frame by its id only where it goes that way", () => {
    expect([frameTypeOf("chsk/handshake", "s->c"), frameTypeOf("chsk/handshake", "c->s")]).toEqual([
      "handshake",
      undefined,
    ]);
    expect(["chsk/ack", "chsk/ws-ping", "chsk/ws-pong"].map((id) => frameTypeOf(id, "c->s"))).toEqual([
      "ack",
      "ping",
      "pong",
    ]);
    expect([undefined, "chsk/tomorrow", "events", "a/b"].map((id) => frameTypeOf(id, "s->c"))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("says of every control frame what PROTOCOL.md §6.3 lists", () => {
    // Every name of a control frame in the list of that direction; a pong of a server is either of two.
    const listed = (direction: string) => {
      const [, text = ""] = section("6.3").split(`\n- ${direction}: `);
      const names = [
        ...(text.split(/\n(?:- |\n)/, 1)[0] ?? "").matchAll(/ws-(ping|pong)|"(pong)"|chsk\/(ack|volatile|refresh)/g),
      ];
      return names.map(([, ws, pong, ack]) => ws ?? pong ?? ack).sort();
    };
    const uncounted = Object.entries(frameKinds).filter(([, kind]) => !kind.isCounted);
    const names = uncounted.filter(([, { direction }]) => direction === "both").map(([type]) => type);
    expect(names.sort()).toEqual(["ack", "ping", "pong", "refresh", "volatile"]);
    expect(listed("s->c")).toEqual(names);
    expect(listed("c->s")).toEqual(names);
    expect(uncounted).toHaveLength(names.length);
  });
});
