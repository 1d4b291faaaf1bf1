import type { Notice, View } from "../client/view.ts";
import { byId } from "./elements.ts";

const SHOWN_MS = 8_000;

/** Says for some seconds what a reconnect brought. */
export function createNoticeLine(): (view: View) => void {
  const line = byId("notice", HTMLParagraphElement);
  let shown: Notice | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return ({ notice }) => {
    if (notice === shown) return;
    shown = notice;
    clearTimeout(timer);
    line.textContent = notice === undefined ? "" : noticeText(notice);
    if (notice !== undefined) timer = setTimeout(() => line.replaceChildren(), SHOWN_MS);
  };
}

export function noticeText({ type, missed }: Notice): string {
  const messages = missed === 1 ? "1 message" : `${missed} messages`;
  if (type === "resumed") {
    return missed === 0 ? "Back again: you missed nothing" : `${messages} came while you were away`;
  }
  const were = missed === 1 ? "was" : "were";
  return missed === 0
    ? "The session was lost, but you missed nothing"
    : `The session was lost: ${messages} ${were} fetched`;
}
