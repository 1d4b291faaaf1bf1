import type { TraceEntry } from "@sente-lite/browser";
import { findById, make } from "../elements.ts";
import { createKeyedList } from "../keyed-list.ts";
import type { WireRecord } from "./wire-record.ts";

/** Of what a frame says, so much is shown. */
const MAX_CHARACTERS = 600;
const MAX_BYTES = 96;

type Row = WireRecord["entries"][number];

const clock = new Intl.DateTimeFormat([], {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hourCycle: "h23",
});

/** Shows what went over the wire, the newest at the top. */
export function createFrameLog(): (entries: readonly Row[]) => void {
  const update = createKeyedList<Row>(findById("frames", HTMLOListElement), {
    key: ({ key }) => String(key),
    create: () => make("li", "frame"),
    update: (item, { entry }) => fill(item, entry),
  });
  return (entries) => update(entries.toReversed());
}

function fill(item: HTMLElement, entry: TraceEntry): void {
  const time = make("time", "frame-time", clock.format(entry.at));
  time.dateTime = new Date(entry.at).toISOString();
  if (entry.type !== "frame") {
    item.dataset.direction = "none";
    item.replaceChildren(direction("·", ""), make("span", "frame-label", labelOf(entry)), time);
    return;
  }
  item.dataset.direction = entry.direction;
  item.replaceChildren(
    entry.direction === "in" ? direction("↓", "in") : direction("↑", "out"),
    make("span", "frame-label", entry.label),
    make("span", "frame-size", `${entry.bytes} B`),
    time,
    ...(entry.payload === undefined ? [] : [make("code", "frame-payload", showPayload(entry.payload))]),
  );
}

function direction(arrow: string, word: string): HTMLElement {
  const element = make("span", "frame-direction");
  const sign = make("span", "", arrow);
  sign.setAttribute("aria-hidden", "true");
  element.append(sign, make("span", "sr", word));
  return element;
}

function labelOf(entry: Exclude<TraceEntry, { type: "frame" }>): string {
  if (entry.type === "opening") return entry.attempt > 1 ? `connecting, attempt ${entry.attempt}` : "connecting";
  return `closed, ${entry.code}${entry.reason === "" ? "" : ` ${entry.reason}`}`;
}

function showPayload(payload: string | Uint8Array): string {
  if (typeof payload === "string") {
    return payload.length > MAX_CHARACTERS ? `${payload.slice(0, MAX_CHARACTERS)}…` : payload;
  }
  const hex = Array.from(payload.subarray(0, MAX_BYTES), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return payload.length > MAX_BYTES ? `${hex} …` : hex;
}
