import { type Interned, intern, recall, remember } from "../../values/keyword.ts";
import { isSymbolName } from "../../values/keyword-name.ts";
import { Sym } from "../../values/types.ts";
import { Scanner } from "../scanner.ts";
import { readNumber } from "./numbers.ts";
import { readCharacter } from "./strings.ts";

// What a unit means for a token: it goes on, it ends (at white space or a mark), or it is wrong.
const GOES_ON = 0;
const SPACE = 1;
const MARK = 2;
const WRONG = 3;
const classes = new Uint8Array(128);
for (const unit of "\t\n\v\f\r\x1c\x1d\x1e\x1f ,") classes[unit.charCodeAt(0)] = SPACE;
for (const unit of '"();[]{}^\\') classes[unit.charCodeAt(0)] = MARK;
for (const unit of "@`~") classes[unit.charCodeAt(0)] = WRONG;

function classOf(unit: number): number {
  if (unit < 128) return classes[unit] ?? GOES_ON;
  // The end of the text is NaN.
  if (!(unit >= 0x1680)) return unit >= 128 ? GOES_ON : SPACE;
  return /\s/.test(String.fromCharCode(unit)) ? SPACE : GOES_ON;
}

const PLUS = 43;
const MINUS = 45;
const SEMICOLON = 59;
const SMALL_F = 102;
const SMALL_N = 110;
const SMALL_T = 116;

/** Reads what has no parts in EDN: keywords, symbols, numbers, characters. */
export class Tokens extends Scanner {
  /** Goes to the next unit that is neither space nor comment, and returns it; -1 at the end. */
  skipSpace(): number {
    const { text } = this;
    for (let at = this.at; at < text.length; at++) {
      let unit = text.charCodeAt(at);
      if (unit === SEMICOLON) {
        while (at < text.length && unit !== 10 && unit !== 13) unit = text.charCodeAt(++at);
      } else if (classOf(unit) !== SPACE) {
        this.at = at;
        return unit;
      }
    }
    this.at = text.length;
    return -1;
  }

  /** Reads a token from here. Its first `prefix` units belong to it, whatever they are. */
  token(prefix: number): string {
    const from = this.at;
    let at = from + prefix;
    let found = classOf(this.text.charCodeAt(at));
    while (found === GOES_ON) found = classOf(this.text.charCodeAt(++at));
    if (found === WRONG) this.fail("a character that no token has");
    this.at = at;
    return this.slice(from, at);
  }

  keyword(): Interned {
    const { text } = this;
    const from = ++this.at;
    let at = from;
    let hash = 0;
    let unit = text.charCodeAt(at);
    for (; unit < 128 && classes[unit] === GOES_ON; unit = text.charCodeAt(++at)) hash = (hash * 31 + unit) | 0;
    if (this.#endsToken(at)) {
      const known = recall(hash, text, from, at);
      if (known !== undefined) {
        this.at = at;
        return known;
      }
    }
    const name = this.token(at - from);
    const found = intern(name);
    if (found.key === undefined && !isReadable(name)) this.fail("no keyword");
    if (this.at === at) remember(hash, found);
    return found;
  }

  character(): string {
    this.at++;
    return readCharacter(this.token(1)) ?? this.fail("no character");
  }

  symbolOrNumber(unit: number): unknown {
    const isSigned = unit === PLUS || unit === MINUS;
    if (isDigit(isSigned ? this.text.charCodeAt(this.at + 1) : unit)) return this.number();
    if (unit === SMALL_N && this.#isWord("nil")) return null;
    if (unit === SMALL_T && this.#isWord("true")) return true;
    if (unit === SMALL_F && this.#isWord("false")) return false;
    const token = this.token(0);
    return isSymbolName(token) || isReadable(token) ? new Sym(token) : this.fail("no symbol");
  }

  /** Reads the token if it is this word; else it reads nothing. */
  #isWord(word: string): boolean {
    const end = this.at + word.length;
    if (!this.text.startsWith(word, this.at) || !this.#endsToken(end)) return false;
    this.at = end;
    return true;
  }

  #endsToken(at: number): boolean {
    const found = classOf(this.text.charCodeAt(at));
    return found === SPACE || found === MARK;
  }

  number(): unknown {
    const from = this.at;
    if (this.text.charCodeAt(from) === PLUS) this.at++;
    const value = this.readPlainNumber();
    if (!Number.isNaN(value) && this.#endsToken(this.at)) return value;
    this.at = from;
    const number = readNumber(this.token(0));
    return typeof number === "string" ? this.fail("no number, or one of too many digits", number) : number;
  }

  symbolicNumber(): number {
    this.at++;
    this.skipSpace();
    switch (this.token(0)) {
      case "NaN":
        return Number.NaN;
      case "Inf":
        return Number.POSITIVE_INFINITY;
      case "-Inf":
        return Number.NEGATIVE_INFINITY;
      default:
        return this.fail("an unknown number");
    }
  }
}

function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57;
}

/** True for what Clojure's reader takes as a name, which is more than we write. */
export function isReadable(name: string): boolean {
  return name === "/" || /^[^:/][^/]*\/\/$/.test(name) || (name !== "" && !/^[:/]|::|[:/]$/.test(name));
}
