import type { Notice, View } from "../client/view.ts";
import { findById } from "./elements.ts";

const SHOWN_MS = 8_000;

/** Says for some seconds what a reconnect brought; that something may be missing it says until one goes on. */
export function createNoticeLine(): (view: View) => void {
  const line = findById("notice", HTMLParagraphElement);
  let shown: Notice | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return ({ notice }) => {
    if (notice === shown) return;
    shown = notice;
    clearTimeout(timer);
    line.textContent = notice === undefined ? "" : noticeText(notice);
    if (notice !== undefined && notice.type !== "incomplete")
      timer = setTimeout(() => line.replaceChildren(), SHOWN_MS);
  };
}

export function noticeText({ type, missed }: Notice): string {
  const came = `${missed === 1 ? "1 message" : `${missed} messages`} came while you were away`;
  switch (type) {
    case "resumed":
      return missed === 0 ? "Back again: you missed nothing" : came;
    case "recovered":
      return missed === 0 ? "The session was lost, but you missed nothing" : `The session was lost: ${came}`;
    case "incomplete":
      return missed === 0
        ? "The server lost your place: something may be missing"
        : `The server lost your place: ${missed === 1 ? "1 message was" : `${missed} messages were`} fetched, others may be missing`;
  }
}
