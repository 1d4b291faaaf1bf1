import type { Encoded } from "./codec.ts";

/** Formats in which peers of Sente send frames; `gzip` is its wrapper around any of them. */
export type Look = "edn" | "transit-json" | "json" | "transit-msgpack" | "sente-msgpack" | "gzip";

/** How texts begin: a frame is a vector, and the id of an event is one of the first things in it. */
const texts: readonly (readonly [RegExp, Look])[] = [
  [/^\s*[[{][\s[]*"(?:~[:#$]|\^ ")/, "transit-json"],
  [/^\s*[[{][\s[]*"/, "json"],
  [/^\s*[[({#][\s[]*:/, "edn"],
];

/** How bytes begin, in hexadecimal: headers of arrays, then a keyword, as an extension or as a text `~:`. */
const bytes: readonly (readonly [RegExp, Look])[] = [
  [/^(?:9.|dc....|dd.{8})+(?:c7..|d[4-8])00/, "sente-msgpack"],
  [/^(?:9.|dc....|dd.{8})+[ab].7e(?:3a|23)/, "transit-msgpack"],
  [/^(?:00(?:5b|7b|28|23|9)|(?:01)?1f8b)/, "gzip"],
];

const options: Readonly<Record<Look, string>> = {
  edn: "edn",
  "transit-json": "transitJson",
  json: "json",
  "transit-msgpack": "transitMsgpack",
  "sente-msgpack": "senteMsgpack",
  gzip: "gzip(edn), or gzip around the other side's codec",
};

/** Guesses the format of a peer's first frame by how it begins; undefined where it is like none that we know. */
export function looksLike(data: Encoded): Look | undefined {
  const isText = typeof data === "string";
  const start = isText ? data.slice(0, 100) : hexOf(data.subarray(0, 100));
  return (isText ? texts : bytes).find(([pattern]) => pattern.test(start))?.[1];
}

function hexOf(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Says what to do where a peer's frames look like one format and `side` reads another; empty where it cannot tell. */
export function codecCure(looks: Look | undefined, side: "client" | "server", codec: string): string {
  if (looks === undefined || looks === codec || (looks === "gzip" && codec.endsWith("-gzip"))) return "";
  const option = options[looks];
  const cure = side === "client" ? `give the client the option codec: ${option}` : `put ${option} first in codecs`;
  return `it looks like ${looks}, and this side reads ${codec}: ${cure}, or change the packer at the other side`;
}
