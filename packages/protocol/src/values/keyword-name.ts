import { Bounded } from "./bounded.ts";
import { copyText } from "./copy-text.ts";

// The one grammar of names, for every codec, so that what can be sent never depends on the codec. It is what Clojure's
// EDN readers (JVM and ClojureScript) and Transit all read back as the same name; sources: the EDN spec ("Symbols"),
// clojure.lang.EdnReader, cljs.tools.reader.edn.
const CHAR = '[^\\s\\p{Cc}\\p{Cs}\\p{Z},";@^`~()[\\]{}\\\\/:]';
const PART = `${CHAR}+(?::${CHAR}+)*`;
const NAME = `(?!\\d[^/]*/)${PART}(?:/(?!\\d)${PART})?`;
// Clojure looks at one UTF-16 unit to see that a tag begins.
const FIRST_OF_TAG = "(?=\\p{L})(?![\\u{10000}-\\u{10ffff}])";
const keywordName = new RegExp(`^${NAME}$`, "u");
const symbolName = /* @__PURE__ */ new RegExp(`^(?!\\d|[-+.]\\d|#|(?:nil|true|false)$)${NAME}$`, "u");
const tagName = /* @__PURE__ */ new RegExp(`^(?!(?:nil|true|false)$)${FIRST_OF_TAG}${NAME}$`, "u");

const known = new Bounded<boolean>(2048);

/**
 * Can this be the name of a keyword, and so the key of an object? Not empty; no white space, control character, comma
 * or any of `" ; @ ^ ~ ( ) [ ] { } \` or backtick; at most one `/`, with something on both sides that does not begin with
 * a digit; a colon never first or last, and never two together.
 */
export function isKeywordName(name: string): boolean {
  if (typeof name !== "string") return false;
  const found = known.get(name);
  if (found !== undefined) return found;
  const valid = keywordName.test(name);
  known.set(copyText(name), valid);
  return valid;
}

/** Can this be a symbol? As for keywords, and it must not read as a number, nil, true or false; `/` is a name, `clojure.core//` too. */
export function isSymbolName(name: string): boolean {
  if (typeof name !== "string") return false;
  return (
    name === "/" || symbolName.test(name) || (name.endsWith("//") && symbolName.test(name.slice(0, -1).concat("x")))
  );
}

// What our readers, and everybody's, take for something else than a tag of the user's.
const reserved: ReadonlySet<string> = new Set([
  ..."bcdfimnrstuz",
  "set",
  "list",
  "cmap",
  "inst",
  "uuid",
  "sente-lite/bytes",
  "sente-lite/uri",
]);

/** Can this be the tag of a `Tagged`? A keyword's name that begins with a letter, is no tag of Transit or EDN, and not nil, true or false. */
export function isTagName(tag: string): boolean {
  return typeof tag === "string" && tagName.test(tag) && !reserved.has(tag);
}

/** May a decoded keyword be the key of an object? Not where it would reach the prototype. */
export function isObjectKey(name: string): boolean {
  return name !== "__proto__" && isKeywordName(name);
}

/** `isKeywordName` for a name whose answer the caller keeps. */
export function isNewKeywordName(name: string): boolean {
  return typeof name === "string" && keywordName.test(name);
}

/** `isObjectKey` for a name whose answer the caller keeps. */
export function isNewObjectKey(name: string): boolean {
  return name !== "__proto__" && isNewKeywordName(name);
}

// The last key at each place of an object at each level.
const recent: (string | undefined)[] = /* @__PURE__ */ Array.from({ length: 1024 }, () => undefined);

/**
 * `isObjectKey` for one object after the other: mostly they have the same keys at the same places, and to compare is
 * cheaper than to look up. `place` is any number that says where the key stands.
 */
export function isObjectKeyAt(place: number, name: string): boolean {
  return recent[place & 1023] === name || isOtherKeyAt(place, name);
}

function isOtherKeyAt(place: number, name: string): boolean {
  const isKey = isObjectKey(name);
  if (isKey && name.length < 100) recent[place & 1023] = name;
  return isKey;
}
