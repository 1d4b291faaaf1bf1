import { make } from "./elements.ts";

/** A piece of a message: text, or a link with the address that it leads to. */
export interface Piece {
  readonly text: string;
  readonly href?: string;
}

// Neither quotes nor angle brackets belong to an address; whoever needs them in one writes them in their %-form.
const ADDRESS = /\bhttps?:\/\/[^\s<>"'`\p{Cc}\p{Cf}]+/giu;
/** The end of a sentence, not of the address. */
const PUNCTUATION = /[.,;:!?…)\]}*_]$/u;
const graphemes = new Intl.Segmenter();

/** Shows what somebody said, as text and links. Nothing of it is ever read as markup. */
export function fillSaid(element: HTMLElement, text: string): void {
  element.replaceChildren(...piecesOf(text).map(({ text, href }) => (href === undefined ? text : link(text, href))));
  element.toggleAttribute("data-emoji", isOneEmoji(text));
}

function link(text: string, href: string): HTMLAnchorElement {
  const element = make("a", "", text);
  element.href = href;
  element.target = "_blank";
  element.rel = "noopener noreferrer nofollow";
  return element;
}

export function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const address = trimAddress(found);
    const href = hrefOf(address);
    if (href === undefined) continue;
    if (index > end) pieces.push({ text: text.slice(end, index) });
    pieces.push({ text: address, href });
    end = index + address.length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end) });
  return pieces;
}

/** Without the punctuation after it; a bracket stays where it closes one of the address's own. */
function trimAddress(address: string): string {
  let kept = address;
  while (PUNCTUATION.test(kept)) {
    const isClosing = kept.endsWith(")") && kept.split("(").length >= kept.split(")").length;
    if (isClosing) break;
    kept = kept.slice(0, -1);
  }
  return kept;
}

function hrefOf(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const { protocol, username, password, href } = new URL(address);
  // `https://bank.example@elsewhere.example` leads elsewhere than it seems to.
  const isPlain = username === "" && password === "";
  return isPlain && (protocol === "https:" || protocol === "http:") ? href : undefined;
}

export function isOneEmoji(text: string): boolean {
  // Digits with a keycap are emoji too, but not pictographs by themselves.
  if (!/\p{Extended_Pictographic}|\p{Regional_Indicator}{2}|\u20e3/u.test(text)) return false;
  return [...graphemes.segment(text)].length === 1;
}
