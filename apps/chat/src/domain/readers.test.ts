import { describe, expect, it } from "vitest";
import { MAX_LIST } from "./limits.ts";
import {
  readId,
  readMessage,
  readName,
  readPerson,
  readRoomName,
  readRuntime,
  readText,
  readWelcome,
} from "./readers.ts";

const strange = [undefined, null, true, 1, 1n, [], {}, new Map(), () => "x", Symbol("x")];

describe("readers", () => {
  it("take nothing that is of another type, and never throw", () => {
    for (const value of strange) {
      for (const read of [readName, readText, readRoomName, readId, readRuntime, readMessage, readPerson]) {
        expect(read(value)).toBeUndefined();
      }
    }
  });

  it("make one line of a name, without what cannot be seen", () => {
    expect(readName(" Ann\n\tLee ")).toBe("Ann Lee");
    expect(readName("a\u001b[31mb\u009b1mc\u001b]0;title\u0007\u0085")).toBe("abc");
    expect(readName("\u202egnp.exe")).toBe("gnp.exe");
    expect(readName("e\u0301")).toBe("é");
    expect(readName("👩‍💻")).toBe("👩‍💻");
    expect(readName("x".repeat(32))).toHaveLength(32);
    expect(readName("x".repeat(33))).toBeUndefined();
    // Hangul fillers, a blank of Braille, joiners, variation selectors, and a soft hyphen.
    for (const invisible of ["\u3164", "\u115f\u1160", "\u2800", "\u200d\u200b", "\ufe0f", "\u00ad", "\u{e0041}"]) {
      expect([invisible, readName(invisible), readText(invisible)]).toEqual([invisible, undefined, undefined]);
    }
  });

  it("keep the lines of a text, and its markup as it is", () => {
    expect(readText("a\r\n\tb\n")).toBe("a\n\tb");
    expect(readText("<img src=x onerror=alert(1)>")).toBe("<img src=x onerror=alert(1)>");
    expect(readText("\u001b[2J\u001b]8;;http://x\u001b\\here\u001b]8;;\u0007 [31m")).toBe("here [31m");
    expect(readText("half \ud800")).toBe("half");
  });

  it("take a room's name in any script, in lower case, and no path", () => {
    expect(readRoomName("Lobby")).toBe("lobby");
    expect(readRoomName("日本-2")).toBe("日本-2");
    for (const bad of ["", "-a", "a/b", "..", "a b", "<b>"]) expect(readRoomName(bad)).toBeUndefined();
  });

  it("take of a server's list what can be read, up to the bound", () => {
    const good = { uid: "u", name: "Ann", runtimes: ["node", 7] };
    const people = [good, null, { ...good, name: "" }, ...Array.from({ length: MAX_LIST }, () => good)];
    const welcome = readWelcome({ people, rooms: [{ name: "lobby", people: 1 }, 7] });
    expect(welcome.people).toHaveLength(MAX_LIST - 2);
    expect(welcome.people[0]).toEqual({ uid: "u", name: "Ann", runtimes: ["node"] });
    expect(welcome.rooms).toEqual([{ name: "lobby", people: 1, said: 0 }]);
    for (const value of strange) expect(readWelcome(value)).toEqual({ people: [], rooms: [] });
  });
});
