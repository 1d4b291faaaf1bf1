import { expect, it } from "vitest";
import { isOneEmoji, piecesOf } from "./said-text.ts";

const links = (text: string) => piecesOf(text).flatMap(({ text, href }) => (href === undefined ? [] : [[text, href]]));
const addresses = (text: string) => links(text).map(([address]) => address);

it("keeps every character of a message, in order", () => {
  for (const text of ["", "plain", "a https://x.example b http://y.example/z. c", "https://x.example", "(http://)"]) {
    expect(
      piecesOf(text)
        .map((piece) => piece.text)
        .join(""),
    ).toBe(text);
  }
});

it("makes links of http and https, and of nothing else", () => {
  expect(links("see https://x.example/a?b=c#d and HTTP://Y.example")).toEqual([
    ["https://x.example/a?b=c#d", "https://x.example/a?b=c#d"],
    ["HTTP://Y.example", "http://y.example/"],
  ]);
  for (const text of [
    "javascript:alert(1)",
    "data:text/html,x",
    "ftp://x.example",
    "xhttps://x.example",
    "//x.example",
    "https://",
    "https:x.example",
    "https://trusted.example@elsewhere.example",
  ]) {
    expect(links(text)).toEqual([]);
  }
});

it("ends a link before quotes, angle brackets, what nobody sees, and the punctuation of the sentence", () => {
  expect(addresses(`https://x.example/"onclick="alert(1)`)).toEqual(["https://x.example/"]);
  expect(addresses("<https://x.example/a><script>")).toEqual(["https://x.example/a"]);
  expect(addresses("https://x.example/\u202egnp.exe")).toEqual(["https://x.example/"]);
  expect(addresses("Is it https://x.example/a, or (https://y.example/b)?")).toEqual([
    "https://x.example/a",
    "https://y.example/b",
  ]);
  expect(addresses("https://x.example/Go_(game).")).toEqual(["https://x.example/Go_(game)"]);
});

it("knows a message that is one emoji, however many code points it has", () => {
  for (const text of ["🙂", "👩‍💻", "👍🏽", "🇯🇵", "❤️", "1️⃣"]) expect(isOneEmoji(text)).toBe(true);
  for (const text of ["", "a", "1", "🙂🙂", "ok 🙂", "#"]) expect(isOneEmoji(text)).toBe(false);
});
